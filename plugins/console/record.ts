// What a console keeps beyond a configuration: who is logged in, what was counted, and the last hour.
import { Sessions } from 'ferrydns/built-in/admin';
import type { Metrics } from 'ferrydns/plugin';
import { Past } from './past.ts';
import { History } from './traffic/history.ts';
import { Traffic } from './traffic/traffic.ts';

/** One for each process. */
export interface ServerRecord {
  readonly sessions: Sessions;
  readonly traffic: Traffic;
  readonly history: History;
  readonly past: Past;
  /** When counting began, on the clock of the day. */
  readonly since: Date;
}

const records = new WeakMap<Metrics, ServerRecord>();

/** The record of the process that has these metrics; `now`: milliseconds on a monotonic clock. */
export function recordOf(metrics: Metrics, now: () => number): ServerRecord {
  const known = records.get(metrics);
  if (known !== undefined) return known;
  const record = { sessions: new Sessions(now), traffic: new Traffic(now), history: new History(), past: new Past(), since: new Date() };
  records.set(metrics, record);
  return record;
}
