// What plans have answered on behalf of a query, so that whoever sees the reply later can tell whether the plan was asked.
import type { Name, Query } from 'ferrydns/plugin';
import type { Side } from './replies.ts';

export interface Met {
  readonly name: Name;
  /** What the answer named; undefined: neither side. */
  readonly names: Side | undefined;
  readonly before: Met | undefined;
}

/** By the query as it was received. Server blocks and configurations share it. */
const met = new WeakMap<Query, Met>();

/** Notes that a plan has answered for a name. */
export function noteMet({ origin, name }: Query, names: Side | undefined): void {
  met.set(origin, { name, names, before: met.get(origin) });
}

/** What was answered last for a name; undefined: its plan was not asked. */
export function metFor({ origin }: Query, name: Name): Met | undefined {
  let found = met.get(origin);
  while (found !== undefined && found.name !== name) found = found.before;
  return found;
}
