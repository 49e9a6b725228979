// Names of lanes.

import { count } from '../../format';
import { single, type Lane } from '../../model/lanes';
import { spanRows } from '../../model/spans';
import { groupName } from '../../model/words';
import type { Page } from '../../page';

/** laneName is a lane's name: a bold part and what stands beside it. */
export function laneName(page: Page, lane: Lane): [string, string] {
  const { log, result } = page;
  const { index } = lane;
  switch (lane.kind) {
    case 'group': {
      const g = single(result, log, index);
      return [groupName(result, index), g >= 0 ? `G${log.goroutines.id[g]!}` : `×${count(result.groups[index]!.count)}`];
    }
    case 'goroutine':
      return [`G${log.goroutines.id[index]!}`, lane.depth > 0 ? '' : groupName(result, log.goroutines.group[index]!)];
    case 'owner':
      return [`G${log.goroutines.id[index]!}`, groupName(result, log.goroutines.group[index]!)];
    case 'P':
      return [`P${index}`, ''];
    case 'task':
      return [log.strings[log.tasks.type[index]!]! || 'task', `#${log.tasks.id[index]!}`];
    case 'regions': {
      const rows = spanRows(log);
      const g = rows.goroutine(index);
      return [rows.names(index).slice(0, 8).join(', '), g >= 0 ? `G${log.goroutines.id[g]!}` : ''];
    }
  }
}
