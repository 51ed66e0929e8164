// Questions of plans about where their own targets lead. No client is answered by them, so no guard changes what they find.
import type { Awaitable, Query, Reply } from 'ferrydns/plugin';

const lookUps = new WeakSet<Query>();

/** Whether a plan asks where one of its targets leads. */
export function isLookUp(query: Query): boolean {
  return lookUps.has(query.origin);
}

/** Makes a question one of those that no guard changes. */
export function markLookUp(query: Query): void {
  lookUps.add(query.origin);
}

/** Asks by `resolve`, and no guard changes the answer. */
export function unguarded(resolve: (query: Query) => Awaitable<Reply>): (query: Query) => Awaitable<Reply> {
  return (query) => {
    markLookUp(query);
    return resolve(query);
  };
}

/** Milliseconds after which the name of a target is asked for again, however long its TTL is. */
export const longestWait = 60_000;
