// The page's beginning: the data is unpacked, every part is drawn, and the
// parts follow the state from then on.

import './style/base.css';
import './style/tables.css';
import './style/print.css';
import { inflate } from './data/columns';
import { decodeLog } from './data/log';
import type { Result } from './data/result';
import { byID } from './dom';
import { instantsUpTo } from './format';
import { revealing } from './model/navigate';
import { indexOf } from './model/indexes';
import { summarise } from './model/summary';
import { Followers } from './followers';
import type { Page } from './page';
import { Store } from './state';
import { parts } from './parts';

async function block(id: string): Promise<Uint8Array> {
  const element = byID(id);
  const raw = await inflate(element.textContent ?? '');
  element.remove(); // its text would stay in memory
  return raw;
}

async function start(): Promise<void> {
  const [rawResult, rawLog] = [await block('data-result'), await block('data-log')];
  const result = JSON.parse(new TextDecoder().decode(rawResult)) as Result;
  const log = decodeLog(rawLog);
  instantsUpTo(log.to);
  const store = new Store(
    {
      from: log.from, to: log.to, by: 'group', open: [], group: -1, goroutine: 0, instant: -1, query: '',
      hideRest: true, flame: 'blocked-sync', tab: 'flame', overlays: true, patterns: false, theme: 'auto', keys: true,
    },
    result.groups.map((g) => g.name),
  );
  const page = newPage(result, log, store);
  store.restore(location.hash);
  for (const mount of parts) mount(page);
  addEventListener('popstate', () => store.restore(location.hash));
  addEventListener('hashchange', () => store.restore(location.hash));
  await painted();
  document.documentElement.dataset['ready'] = String(Math.round(performance.now()));
}

/** painted waits until the canvases have their sizes and have been drawn at them. */
async function painted(): Promise<void> {
  const frame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));
  await frame(); // sizes are told at its end
  await frame(); // and drawn to in this one
  await new Promise((done) => setTimeout(done));
}

function newPage(result: Result, log: Page['log'], store: Store): Page {
  let current = summarise(result, log, store.state.from, store.state.to);
  const followers = new Followers(() => void page.summary());
  store.watch(['from', 'to'], () => followers.changed());
  const live = byID('live');
  const page: Page = {
    result,
    log,
    store,
    summary() {
      const { from, to } = store.state;
      if (current.from !== from || current.to !== to) current = summarise(result, log, from, to);
      return current;
    },
    onSummary: (fn, section) => followers.add(() => fn(page.summary()), section === undefined ? null : byID(section)),
    announce(text) {
      live.textContent = text;
    },
    goroutineAt: (id, t) => indexOf(log, id, t ?? (id === store.state.goroutine ? store.state.instant : -1)),
    reveal: (goroutine, instant) => store.set(revealing(page, goroutine, instant)),
  };
  return page;
}

start().catch((error: unknown) => {
  const notice = byID('broken');
  notice.hidden = false;
  notice.textContent = 'The interactive parts of this page could not be started: ' + (error instanceof Error ? error.message : String(error)) + '. What is written below is whole.';
  throw error;
});
