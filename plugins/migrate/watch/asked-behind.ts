// What a plan asks behind it: each server block that holds the plan may have something of its own there.
import type { migration } from 'ferrydns/built-in/moves';
import type { Query } from 'ferrydns/plugin';
import { type Sighting, together } from './sighting.ts';
import type { Sources } from './sources.ts';

/** What is behind the plan in one server block. */
export interface AskedBehind {
  /** Whether the plan that is asked for is in force. */
  readonly current: boolean;
  /** What it showed last; undefined: it has not been asked. */
  readonly last: Sighting | undefined;
  readonly sources: Sources;
  /** Whether there was a round of questions in which all were answered, and in how many rounds one was not. */
  readonly answered: boolean;
  readonly failures: number;
  /** The longest TTL that a cache of this server has made of the answers, seconds. */
  readonly handed: number;
  /** Whether it has shown A at one time and B at another, or both at once. */
  readonly mixes: boolean;
  /** Whether a query is one of the plan's own, for what is behind. */
  asks(query: Query): boolean;
}

/** What all upstreams of a plan show together: the server blocks that hold it may have several. Undefined while one has not been asked. */
export function seenOf(upstreams: ReadonlySet<AskedBehind>): Sighting | undefined {
  const all = [...upstreams].filter(({ current }) => current).map(({ last }) => last);
  return all.length > 0 && all.every((each) => each !== undefined) ? together(all) : undefined;
}

/** How often all upstreams of a plan have drawn anew: of the one that has done so least. */
export function drawnOf(upstreams: ReadonlySet<AskedBehind>, least: number): migration.Drawn {
  const all = [...upstreams].filter(({ current }) => current).map(({ sources }) => sources.drawn(least));
  const [worst] = all.sort((a, b) => a.seen - a.wanted - (b.seen - b.wanted));
  return worst ?? { seen: 0, wanted: least, left: null };
}

/** Whether a query is one that the plan asks the plugins behind it, whichever server block that holds the plan asks. */
export function isAskedBy(upstreams: ReadonlySet<AskedBehind>, query: Query): boolean {
  if (!query.own) return false;
  for (const each of upstreams) if (each.asks(query)) return true;
  return false;
}
