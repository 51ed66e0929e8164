// In which order the upstreams are asked for a query.
import type { PolicyName } from './settings.ts';

/** The items in the order in which to try them. The list given is not changed. */
export type Policy = <T>(items: readonly T[]) => readonly T[];

/** A policy with a state of its own: `round_robin` counts the queries. `random` gives a number from 0 to below 1. */
export function makePolicy(name: PolicyName, random: () => number = Math.random): Policy {
  if (name === 'sequential') return (items) => items;
  if (name === 'round_robin') return roundRobin();
  return (items) => (items.length === 1 ? items : shuffled(items, random));
}

/** Each query starts with the next one; the others follow in the order of the configuration. */
function roundRobin(): Policy {
  let turn = 0;
  return (items) => {
    turn = (turn + 1) % items.length;
    return [...items.slice(turn, turn + 1), ...items.slice(0, turn), ...items.slice(turn + 1)];
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
