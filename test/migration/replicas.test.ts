// Several replicas and one store: sessions, promises, clocks, a store that went back (R3 to R6).
import { describe, expect, test } from 'vitest';
import { begin } from '../../src/migration/begin.ts';
import { step } from '../../src/migration/engine.ts';
import { settled } from './explorer.ts';
import { act, actionsOf } from './model.ts';
import { modelOf, smallPlan, startedWorld } from './scenarios.ts';
import { answerFor, statusOf } from './status.ts';
import { type Model, momentOf, nodeAt, type World } from './world.ts';

const model = modelOf({}, smallPlan({ session: 3, ttl: 4 }));
const answerOf = (world: World, i: number) => {
  const { state } = nodeAt(world, i);
  return state === null ? null : answerFor(state, momentOf(model, world, i)).answer;
};
/** Seconds go by; what is linked and alive does what it can in each of them, what is cut off writes its disk and gives up. */
const ticks = (world: World, count: number, of: Model = model): World => {
  let next = world;
  for (let i = 0; i < count; i++) {
    next = act(of, next, { name: 'tick', node: -1 });
    for (let action = quickOf(of, next); action !== undefined; action = quickOf(of, next)) next = act(of, next, action);
  }
  return next;
};
const quickOf = (of: Model, world: World) =>
  actionsOf(of, world).find(
    ({ name, node }) =>
      ['disk', 'swap', 'read', 'fence'].includes(name) ||
      (name === 'lose' && !nodeAt(world, node).linked && nodeAt(world, node).state?.sending?.sent !== world.time * 1000),
  );

describe('a replica that is cut off', () => {
  test('answers A for a session and is silent then (R3), while the others go on without it', () => {
    let world = act(model, startedWorld(model, 0, { cut: 1 }), { name: 'cut', node: 1 });
    world = ticks(world, 2);
    expect(answerOf(world, 1)).toBe('from');
    world = ticks(world, 1);
    expect(answerOf(world, 1)).toBe('silent');
    expect(answerOf(world, 0)).toBe('from');
    world = ticks(world, 20);
    expect(answerOf(world, 0)).toBe('to');
    expect(answerOf(world, 1)).toBe('silent');
    expect(Object.keys(world.agreement?.members ?? {})).toEqual(['a']);
    world = settled(model, act(model, world, { name: 'heal', node: 1 }));
    expect(answerOf(world, 1)).toBe('to');
  });

  test('is named by the agreement that leaves it out', () => {
    let world = act(model, startedWorld(model, 0, { cut: 1 }), { name: 'cut', node: 1 });
    const whys: string[] = [];
    for (let second = 0; second < 6; second++) {
      const { state } = nodeAt(world, 0);
      if (state === null) throw new Error('a is down');
      const { effects } = step(state, { kind: 'tick' }, momentOf(model, { ...world, time: world.time + 1 }, 0));
      whys.push(...effects.flatMap((effect) => (effect.kind === 'commit' ? [effect.why] : [])));
      world = ticks(world, 1);
    }
    expect(whys.filter((why) => why.endsWith('replica b is left out: not heard for a session'))).toHaveLength(1);
  });

  test('in a blend plan holds its last answer, and the horizon names it', () => {
    const blend = modelOf({}, smallPlan({ mode: 'blend', fence: null }));
    const world = ticks(act(blend, startedWorld(blend, 0, { cut: 1 }), { name: 'cut', node: 1 }), 12, blend);
    const { state } = nodeAt(world, 0);
    if (state === null) throw new Error('a is down');
    expect(statusOf(state, momentOf(blend, world, 0)).waits?.why).toBe('not known: replica b');
    expect(answerOf(world, 1)).toBe('from');
  });
});

test('a replica whose machine was asleep does not know what has happened meanwhile, and is silent until it has renewed (R3)', () => {
  const world = startedWorld(model, 1);
  const { state } = nodeAt(world, 1);
  if (state === null) throw new Error('b is down');
  const now = momentOf(model, world, 1);
  expect(answerFor(state, now).answer).toBe('from');
  // The monotonic clock stood still.
  const woken = { ...now, wall: now.wall + 600_000 };
  expect(answerFor(state, woken).answer).toBe('silent');
  const { state: renewing, effects } = step(state, { kind: 'tick' }, woken);
  const sent = effects.find((effect) => effect.kind === 'commit');
  if (sent === undefined) throw new Error('nothing is renewed');
  const { state: renewed } = step(renewing, { kind: 'committed', id: sent.id, version: world.version + 1 }, woken);
  expect(answerFor(renewed, woken).answer).toBe('from');
});

test('a replica with neither journal nor store is silent (R5)', () => {
  const now = { wall: 1_000_000, mono: 0, leased: { from: 0, to: 0 } };
  const state = begin({ plan: model.plan, replica: 'c', view: null, now });
  expect(answerFor(state, now).answer).toBe('silent');
});

test('a replica whose clock is further off than `skew` does not acknowledge, nor does the one that sees it (R6)', () => {
  const off = { ...model, offsets: [5, 0] };
  const world = startedWorld(off, 20);
  expect(world.agreement).toMatchObject({ phase: 'lowering', flip: null });
  const { state } = nodeAt(world, 1);
  expect(state?.skewedBy).toBe('a');
  expect(state?.alarms.clock).toContain('further off than 1 s, seen from replica a');
});

test('a store that was restored from an old copy is not followed, and gets back what the replicas know (P3, R10)', () => {
  const old = startedWorld(model, 0);
  const world = ticks(old, 30);
  const { state } = nodeAt(world, 0);
  if (state === null) throw new Error('a is down');
  const now = momentOf(model, world, 0);
  const { state: after, effects } = step(state, { kind: 'read', version: world.version + 1, agreement: old.agreement }, now);
  expect(effects).toMatchObject([
    { kind: 'alarm', about: 'store', text: 'the store went back: it holds epoch 1, lowering, the journal has epoch 1, done' },
    { kind: 'commit', expect: world.version + 1, agreement: { phase: 'done', restored: { number: 1, by: ['a'] } } },
  ]);
  expect(answerFor(after, now).answer).toBe('to');
});
