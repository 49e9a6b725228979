// Every part of the page, in the order in which they are drawn. A new part is a
// file in view and a line here.

import type { Page } from './page';
import { mountBlame } from './view/blame';
import { mountDrawer } from './view/drawer';
import { mountFindings } from './view/findings';
import { mountFlame } from './view/flame';
import { mountGC } from './view/gc';
import { mountGroups } from './view/groups';
import { mountKeys } from './view/keys';
import { mountLatency } from './view/latency';
import { mountMMU } from './view/mmu';
import { mountOverview } from './view/overview';
import { mountRecompute } from './view/recompute';
import { mountSched } from './view/sched';
import { mountSearch } from './view/search';
import { mountSites } from './view/sites';
import { mountSpans } from './view/spans';
import { mountTabs } from './view/tabs';
import { mountTheme } from './view/theme';
import { mountTiles } from './view/tiles';
import { mountTimeline } from './view/timeline';
import { mountWall } from './view/wall';

export const parts: readonly ((page: Page) => void)[] = [
  mountSearch,
  mountTheme, // before the first canvas
  mountTiles,
  mountFindings,
  mountOverview,
  mountRecompute, // after the range
  mountWall,
  mountLatency,
  mountMMU,
  mountTimeline,
  mountGroups,
  mountFlame,
  mountSites,
  mountBlame,
  mountSched,
  mountSpans,
  mountGC,
  mountTabs, // after its panels
  mountDrawer,
  mountKeys,
];
