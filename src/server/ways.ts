// Which questions led to which others while one query is answered: one that leads back to itself has no answer.
import { exchangeOf } from '../dns/exchange.ts';
import type { Query } from '../dns/query.ts';

/** Keeps in mind that the answer to `cause` is to be had by asking `next`. False when that has led to `cause` itself, and would do so again. */
export function leadsOn(cause: Query, next: Query): boolean {
  const exchange = exchangeOf(cause);
  exchange.ways ??= new Map();
  const from = textOf(cause);
  const to = textOf(next);
  if (isBehind(from, to, exchange.ways)) return false;
  const known = exchange.ways.get(from) ?? [];
  if (!known.includes(to)) exchange.ways.set(from, [...known, to]);
  return true;
}

/** Whether the ways from `start` come to `wanted`. */
function isBehind(wanted: string, start: string, ways: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set([start]);
  for (const at of seen) {
    if (at === wanted) return true;
    for (const next of ways.get(at) ?? []) seen.add(next);
  }
  return false;
}

function textOf({ name, type }: Query): string {
  return `${name} ${type}`;
}
