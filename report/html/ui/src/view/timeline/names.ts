// Names of lanes.

import { count } from '../../format';
import { single, type Lane } from '../../model/lanes';
import { spanRows } from '../../model/spans';
import { entryName, goroutineID, groupName, groupOrigin } from '../../model/words';
import type { Page } from '../../page';

/** laneName is a lane's name, what always stands beside it, and what does where there is room. */
export function laneName(page: Page, lane: Lane): [name: string, beside: string, note: string] {
  const { log, result } = page;
  const { index } = lane;
  switch (lane.kind) {
    case 'group': {
      const g = single(result, log, index);
      return [entryName(result, index), g >= 0 ? goroutineID(log, g) : `×${count(result.groups[index]!.count)}`, groupOrigin(result, index)];
    }
    case 'goroutine':
      return [goroutineID(log, index), '', lane.depth > 0 ? '' : groupName(result, log.goroutines.group[index]!)];
    case 'owner':
      return [goroutineID(log, index), '', groupName(result, log.goroutines.group[index]!)];
    case 'P':
      return [`P${index}`, '', ''];
    case 'task':
      return [log.strings[log.tasks.type[index]!]! || 'task', `#${log.tasks.id[index]!}`, ''];
    case 'regions': {
      const rows = spanRows(log);
      const g = rows.goroutine(index);
      return [rows.names(index).slice(0, 8).join(', '), g >= 0 ? goroutineID(log, g) : '', ''];
    }
  }
}

/** wholeName is all of that. */
export function wholeName(page: Page, lane: Lane): string {
  return laneName(page, lane).filter((part) => part !== '').join(' ');
}
