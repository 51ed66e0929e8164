// What a worker is told, and in how many messages, when it is slow to take it in.
import { expect, test } from 'vitest';
import { makeLogger } from '../../src/log/logger.ts';
import { Outbox, type Piece } from '../../src/server/outbox.ts';
import { SharedStates } from '../../src/server/shared-states.ts';

const instance = (name = 'one') => {
  const lines: string[] = [];
  return { lines, identity: name, log: makeLogger((line) => lines.push(line), { debug: false, form: 'text' }) };
};

/** An outbox whose worker takes a piece in when the test says so, and a state that it tells of. */
function outboxOf({ count = 0 } = {}) {
  const pieces: Piece[] = [];
  const taken: { resolve(): void; reject(error: Error): void }[] = [];
  const flight = { now: 0, most: 0 };
  const sharer = instance();
  const send = (piece: Piece) => {
    structuredClone(piece);
    pieces.push(piece);
    flight.most = Math.max(flight.most, ++flight.now);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    taken.push({ resolve, reject });
    return promise.finally(() => flight.now--);
  };
  const outbox = new Outbox(async (piece) => send(piece), sharer.log);
  const states = new SharedStates(1, undefined);
  const state = states.open<unknown, never>(sharer, { label: 'numbers' }, {});
  for (let i = 0; i < count; i++) state.set(`k${i}`, i);
  states.follow({ serial: 1, identity: 'one', label: 'numbers' }, outbox);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  /** The worker takes in all that comes. */
  const drain = async () => {
    for (await turn(); taken.length > 0; await turn()) taken.shift()?.resolve();
  };
  const changes = () => pieces.flatMap((piece) => piece.changes);
  return { outbox, states, state, pieces, flight, taken, turn, drain, changes, lines: sharer.lines };
}

test('100,000 entries leave in small pieces, one at a time', async () => {
  const { pieces, flight, drain, changes } = outboxOf({ count: 100_000 });
  await drain();
  expect(flight.most).toBe(1);
  expect(Math.max(...pieces.map((piece) => piece.changes.length))).toBeLessThanOrEqual(256);
  expect(changes()).toEqual(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]));
});

test('what changes in one go leaves in one message, and in the order of the last change', async () => {
  const { state, pieces, drain, changes } = outboxOf();
  state.set('a', 1);
  state.set('b', 1);
  state.set('a', 2);
  state.delete('b');
  state.set('c', 1);
  await drain();
  expect(pieces).toHaveLength(1);
  expect(changes()).toEqual([['a', 2], ['b'], ['c', 1]]);
});

test('a worker that falls behind is told what is so when it goes on, and not each step on the way', async () => {
  const { state, pieces, turn, drain, changes } = outboxOf();
  state.set('a', 0);
  await turn();
  for (let i = 1; i <= 100_000; i++) state.set('a', i);
  state.set('gone', 1);
  state.delete('gone');
  await turn();
  expect(pieces).toHaveLength(1);
  await drain();
  expect(changes()).toEqual([['a', 0], ['a', 100_000], ['gone']]);
});

test('a change of an entry that waits to be told for the first time is not told before, nor lost', async () => {
  const { state, turn, drain, changes } = outboxOf({ count: 1000 });
  await turn();
  state.set('k5', 'new');
  state.set('k999', 'new');
  state.delete('k998');
  await drain();
  const last = new Map(changes().map(([key, value]) => [key, value]));
  expect([last.get('k5'), last.get('k999'), last.get('k998')]).toEqual(['new', 'new', undefined]);
  expect(changes()).toHaveLength(1001);
});

test('states take turns, so a small one does not wait for a large one', async () => {
  const { states, outbox, pieces, turn, taken } = outboxOf({ count: 100_000 });
  await turn();
  states.open<number, never>(instance('two'), { label: 'small' }, {}).set('a', 1);
  states.follow({ serial: 1, identity: 'two', label: 'small' }, outbox);
  for (let i = 0; i < 2; i++) {
    taken.shift()?.resolve();
    await turn();
  }
  expect(pieces.slice(1, 3).map(({ identity }) => identity)).toContain('two');
});

test('says when the worker knows all that was so, whatever changes after that', async () => {
  const { outbox, state, taken, turn } = outboxOf({ count: 600 });
  let known = false;
  const knows = outbox.caughtUp().then(() => {
    known = true;
  });
  for (let piece = 0; piece < 3; piece++) {
    await turn();
    expect(known).toBe(false);
    state.set('busy', piece);
    taken.shift()?.resolve();
  }
  await knows;
  await expect(outboxOf().outbox.caughtUp()).resolves.toBeUndefined();
});

test('who waits for a worker that ends is told so, and nothing is sent to it any more', async () => {
  const { outbox, state, taken, turn, pieces } = outboxOf({ count: 600 });
  await turn();
  const waiting = expect(outbox.caughtUp()).rejects.toThrow('worker 7 ended');
  outbox.end(new Error('worker 7 ended'));
  taken.shift()?.reject(new Error('worker 7 ended'));
  await waiting;
  state.set('a', 1);
  await turn();
  expect(pieces).toHaveLength(1);
  await expect(outbox.caughtUp()).rejects.toThrow('worker 7 ended');
});

test('an entry that cannot be sent is named, and the others arrive', async () => {
  const { state, drain, changes, lines } = outboxOf();
  state.set('a', 1);
  state.set('b', () => 1);
  state.set('c', 1);
  await drain();
  expect(changes()).toEqual([
    ['a', 1],
    ['c', 1],
  ]);
  expect(lines).toEqual([expect.stringMatching(/\[ERROR\] .*workers do not learn what 'numbers' of one holds for 'b', expected plain data: /)]);
});

test('nothing of a configuration that has ended is told', async () => {
  const { states, state, drain, turn, pieces, taken } = outboxOf({ count: 600 });
  await turn();
  states.end();
  state.set('a', 1);
  taken.shift()?.resolve();
  await drain();
  expect(pieces).toHaveLength(1);
});
