// What plans have answered to a query, so that whoever sees the reply later can tell whether the plan was asked.
import type { Name, Query } from 'ferrydns/plugin';
import type { Side } from './replies.ts';

/** An answer of a plan to a query, or to one that was derived from it. */
export interface PlanAnswer {
  readonly name: Name;
  /** What the answer named; undefined: neither side. */
  readonly names: Side | undefined;
  readonly before: PlanAnswer | undefined;
}

/** By the query as it was received. Server blocks and configurations share it. */
const noted = new WeakMap<Query, PlanAnswer>();

/** Notes that a plan has answered for a name. */
export function noteAnswer({ origin, name }: Query, names: Side | undefined): void {
  noted.set(origin, { name, names, before: noted.get(origin) });
}

/** What was answered last for a name; undefined: its plan was not asked. */
export function answerFor({ origin }: Query, name: Name): PlanAnswer | undefined {
  let found = noted.get(origin);
  while (found !== undefined && found.name !== name) found = found.before;
  return found;
}
