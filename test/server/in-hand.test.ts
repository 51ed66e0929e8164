// What is in hand: whom a cancellation reaches, and when nothing is left.
import { expect, test } from 'vitest';
import { Exchange } from '../../src/dns/exchange.ts';
import { type Held, InHand } from '../../src/server/in-hand.ts';

function enter(inHand: InHand): Held {
  const held = { exchange: new Exchange(), before: undefined, behind: undefined };
  inHand.enter(held);
  return held;
}

test.each([
  ['first', 0],
  ['middle', 1],
  ['last', 2],
])('a cancellation reaches those that are left when the %s one has left', (_, leaving) => {
  const inHand = new InHand();
  const all = [enter(inHand), enter(inHand), enter(inHand)];
  inHand.leave(all[leaving] as Held);
  inHand.cancel('over');
  expect(all.map(({ exchange }) => exchange.cancelled)).toEqual(all.map((_, i) => (i === leaving ? undefined : 'over')));
});

test('it is empty when the last one has left, in whatever order', async () => {
  const inHand = new InHand();
  const all = [enter(inHand), enter(inHand), enter(inHand)];
  let empty = false;
  const emptied = inHand.empty().then(() => {
    empty = true;
  });
  for (const held of [all[1], all[2]]) inHand.leave(held as Held);
  await Promise.resolve();
  expect(empty).toBe(false);
  inHand.leave(all[0] as Held);
  await emptied;
  await inHand.empty();
});
