// Redrawing what follows the range: part by part, so that the page stays awake,
// and what is in view before what is not.

type Redraw = () => void;

interface Follower {
  redraw: Redraw;
  /** The section that it draws; null for what is always in view. */
  section: Element | null;
}

/** How long a range rests before it is followed, ms: a drag changes it with every frame. */
const rest = 60;
/** How long parts are redrawn before the browser has its turn, ms. */
const slice = 8;

/** Followers are the parts that follow the range. While any has yet to, the document says data-busy. */
export class Followers {
  private readonly all: Follower[] = [];
  private readonly inView = new Set<Element>();
  private readonly watch = new IntersectionObserver((entries) => {
    for (const e of entries) {
      if (e.isIntersecting) this.inView.add(e.target);
      else this.inView.delete(e.target);
    }
  });
  private queue: Follower[] = [];
  private due = 0;

  /** prepare is called, in a turn of its own, before the first part is redrawn. */
  constructor(private readonly prepare: Redraw) {}

  add(redraw: Redraw, section: Element | null): void {
    this.all.push({ redraw, section });
    if (section) this.watch.observe(section);
  }

  /** changed is called when the range has changed: what has not followed the last change follows this one. */
  changed(): void {
    document.documentElement.dataset['busy'] = '1';
    this.queue = [];
    clearTimeout(this.due);
    this.due = window.setTimeout(() => {
      this.queue = [...this.all];
      this.turn(this.prepare);
    }, rest);
  }

  /** turn does something, and has the parts follow in the next turn. */
  private turn(work: Redraw): void {
    try {
      work();
    } finally {
      if (this.queue.length > 0) this.due = window.setTimeout(() => this.turn(() => this.some()), 0);
      else delete document.documentElement.dataset['busy'];
    }
  }

  private some(): void {
    const end = performance.now() + slice;
    do {
      const first = this.queue.findIndex((f) => f.section === null || this.inView.has(f.section));
      this.queue.splice(Math.max(0, first), 1)[0]!.redraw();
    } while (this.queue.length > 0 && performance.now() < end);
  }
}
