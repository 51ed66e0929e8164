// Server-sent events: how plans stand, first at once and then after each change.
import { setTimeout as pause } from 'node:timers/promises';

/** What the streams of an admin address share. Times are milliseconds. */
export interface FeedOptions {
  /** The plans to tell of, by name; undefined for one that is not there. That time has passed is no news. */
  status(plan: string): { readonly now: string } | undefined;
  /** Between two looks. */
  readonly pace?: number;
  /** Of silence until a comment shows that the connection lives. */
  readonly heartbeat?: number;
}

interface Look {
  readonly text: string;
  /** All of it but the time. */
  readonly news: string;
  readonly made: number;
  /** Until when it is as good as a new one. */
  readonly until: number;
}

/** A status may take as much of the time as one part of so many. */
const share = 50;

export class Feed {
  private readonly options: Required<FeedOptions>;
  private readonly looks = new Map<string, Look>();

  constructor(options: FeedOptions) {
    this.options = { pace: 500, heartbeat: 15_000, ...options };
  }

  /** The events of these plans, as text, until the signal aborts. */
  async *events(plans: () => Iterable<string>, signal: AbortSignal): AsyncGenerator<string, void> {
    const { pace, heartbeat } = this.options;
    const said = new Map<string, string>();
    const begun = performance.now();
    let spoken = begun;
    while (!signal.aborted) {
      for (const plan of plans()) {
        const found = this.look(plan, said.has(plan) ? 0 : begun);
        if (found === undefined || said.get(plan) === found.news) continue;
        said.set(plan, found.news);
        spoken = performance.now();
        yield `event: status\ndata: ${found.text}\n\n`;
      }
      if (performance.now() - spoken >= heartbeat) {
        spoken = performance.now();
        yield ': still here\n\n';
      }
      // Ended early, it has nothing to say about it.
      await pause(pace, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * However many ask, a plan is looked at once in half a pace; one with many leases less often, as queries have to be answered meanwhile. Who has come
   * since is told nothing older, which may be less than was seen elsewhere: a plan is looked at anew, or there is nothing yet where that costs much.
   */
  private look(plan: string, since: number): Look | undefined {
    const made = performance.now();
    const known = this.looks.get(plan);
    const rest = this.options.pace / 2;
    if (known !== undefined && made < known.until) {
      if (known.made >= since) return known;
      if (known.until - known.made > rest) return undefined;
    }
    const status = this.options.status(plan);
    if (status === undefined) return undefined;
    const text = JSON.stringify(status);
    const news = text.replace(`"now":${JSON.stringify(status.now)}`, '');
    const cost = performance.now() - made;
    const found = { text, news, made, until: made + Math.max(rest, cost * share) };
    this.looks.set(plan, found);
    return found;
  }
}
