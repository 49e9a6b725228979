// Every part of the page, in the order in which they are drawn. A new part is a
// file in view and a line here.

import type { Page } from './page';

export const parts: readonly ((page: Page) => void)[] = [];
