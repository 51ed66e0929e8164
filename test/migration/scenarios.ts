// The small worlds that are explored: two replicas, one clock a second ahead, times of a few ticks.
import type { Name } from '../../src/dns/name.ts';
import { forecastOf } from '../../src/migration/forecast.ts';
import { type Plan, type PlanOptions, planOf, type Target, timingOf } from '../../src/migration/plan.ts';
import { allRules, type Rules } from '../../src/migration/state.ts';
import { settled } from './explorer.ts';
import { act, emptyWorld } from './model.ts';
import { type Faults, type Model, noFaults, type Promised, type World } from './world.ts';

/** What tests change of a plan for one name. */
export type Changes = Partial<PlanOptions> & { readonly from?: readonly Target[]; readonly to?: readonly Target[] };

const a: Target = { kind: 'address', address: '192.0.2.1' };
const b: Target = { kind: 'address', address: '192.0.2.2' };

export function planFor({ from = [a], to = [b], ...options }: Changes = {}): Plan {
  return planOf({ name: 'db', names: [{ name: 'db.example.' as Name, from, to }], ...options });
}

/** The move of the incident: a database behind a JVM that keeps answers for 30 seconds. */
export const incident: Changes = {
  mode: 'exclusive',
  ttl: 30,
  transitionTtl: 5,
  caches: [{ kind: 'jvm', seconds: 30 }],
  fence: { command: ['fence'], timeout: 10 },
  advance: 'auto',
};

/** Times as short as the rules allow, so that few ticks hold a whole move. */
export function smallPlan(options: Partial<PlanOptions> = {}): Plan {
  return planFor({
    mode: 'exclusive',
    store: 'etcd',
    advance: 'auto',
    ttl: 1,
    transitionTtl: 1,
    countdown: 1,
    slack: 0,
    skew: 1,
    session: 3,
    pace: 1,
    fence: { command: ['fence'], timeout: 1 },
    ...options,
  });
}

export function modelOf(rules: Partial<Rules> = {}, plan: Plan = smallPlan()): Model {
  return {
    plan,
    rules: { ...allRules, ...rules },
    offsets: [1, 0],
    stride: 5,
    silence: Number.POSITIVE_INFINITY,
    transit: 0,
    promises: ['P1', 'P2', 'P3'],
  };
}

/** All replicas registered and at rest: where the store is empty, those that know nothing have waited a session. */
export function registeredWorld(model: Model, faults: Faults): World {
  const before: Model = { ...model, promises: model.promises.filter((promise) => promise !== 'P6') };
  let world = settled(before, emptyWorld(model, { ...faults, empty: 0 }));
  while (world.agreement === null) world = settled(before, act(before, world, { name: 'tick', node: -1 }));
  return { ...world, nodes: world.nodes.map((node) => ({ ...node, silent: 0 })), faults };
}

/** Both replicas registered and at rest; then, unless `ticks` is below 0, `start` and as many ticks as asked for, at rest after each. */
export function startedWorld(model: Model, ticks: number, faults: Partial<Faults> = {}): World {
  const budget = { ...noFaults, ...faults };
  let world = registeredWorld(model, { ...budget, start: budget.start + 1 });
  if (ticks < 0) return world;
  world = settled(model, act(model, world, { name: 'start', node: 0 }));
  for (let i = 0; i < ticks; i++) world = settled(model, act(model, world, { name: 'tick', node: -1 }));
  return world;
}

/** One server with its own journal: no clock but its own, no session. */
export function aloneModel(rules: Partial<Rules> = {}, options: Partial<PlanOptions> = {}): Model {
  return { ...modelOf(rules, smallPlan({ store: 'journal', ...options })), offsets: [0] };
}

/** A replica, and a process that takes its name while it is cut off. */
export function twinModel(options: Partial<PlanOptions> = {}): Model {
  return { ...modelOf({}, smallPlan({ session: 12, ...options })), twin: 1 };
}

/** Whose silence is measured against what the plan reckons: what is apart by `skew` may add as much, and so may a step as small as that (P6). */
export function measured(model: Model): Model {
  const { silence } = forecastOf(model.plan, { ttl: null, upstreamTtl: null });
  const { skew } = timingOf(model.plan);
  return { ...model, silence: silence + (2 * skew) / 1000, promises: [...model.promises, 'P6'] };
}

/** A plan that is done on all replicas, and the one that leads back, which is given to them one after another. */
export function backModel(rules: Partial<Rules> = {}, options: Partial<PlanOptions> = {}): Model {
  const plan = smallPlan(options);
  const names = plan.names.map(({ name, from, to }) => ({ name, from: to, to: from }));
  return { ...modelOf(rules, plan), next: { ...plan, name: 'db-reverse', names } };
}

/** The move before is over, so what it has answered and leased is of no matter any more; the first replica was given the next plan. */
export function doneWorld(model: Model, faults: Partial<Faults> = {}): World {
  const { next: _, ...before } = model;
  let world = startedWorld(before, 0, {});
  while (world.nodes.some(({ state }) => state?.view?.phase !== 'done')) world = settled(before, act(before, world, { name: 'tick', node: -1 }));
  const replan = model.offsets.length - 1;
  const over: World = { ...world, faults: { ...noFaults, replan: 1 }, answeredB: false, leaseOnA: 0, off: false, fenceMayHaveRun: false };
  return { ...settled(model, act(model, over, { name: 'replan', node: 0 })), faults: { ...noFaults, replan, start: 1, ...faults } };
}

/** A+B for two replicas. */
export function blendModel(options: Partial<PlanOptions> = {}): Model {
  return modelOf({}, smallPlan({ mode: 'blend', fence: null, ...options }));
}

/** A world to explore: how the move stands at the beginning and which faults may happen. */
export interface Scenario {
  readonly title: string;
  readonly model: Model;
  /** Since the start; 'done': long after it. */
  readonly ticks: number | 'done';
  readonly faults: Partial<Faults>;
  /** How many states are looked at, where fewer do not get to B. */
  readonly states?: number;
}

/** A step of the clock is less than what is left until the flip. */
const farFlip = smallPlan({ countdown: 8 });
export function beginningOf({ model, ticks, faults }: Scenario): World {
  return ticks === 'done' ? doneWorld(model, faults) : startedWorld(model, ticks, faults);
}

/** What must hold, whatever happens. */
export const sound: readonly Scenario[] = [
  { title: 'nothing fails', model: modelOf(), ticks: 1, faults: {} },
  { title: 'cut off before the start', model: modelOf(), ticks: -1, faults: { cut: 1 } },
  { title: 'an operator rolls back', model: modelOf(), ticks: 1, faults: { rollback: 1 } },
  { title: 'a request or a reply is lost', model: modelOf(), ticks: 1, faults: { lose: 1 } },
  { title: 'a replica is cut off and heals', model: modelOf(), ticks: 1, faults: { cut: 1 } },
  { title: 'a replica crashes and restarts', model: modelOf(), ticks: 1, faults: { crash: 1 } },
  { title: 'a replica loses its disk', model: modelOf(), ticks: 2, faults: { wipe: 1 } },
  { title: 'disks, links and processes are slow', model: modelOf(), ticks: 1, faults: { delay: 2 } },
  { title: 'cut and crash', model: modelOf(), ticks: 1, faults: { cut: 1, crash: 1 } },
  { title: 'cut and disk lost, close to the flip', model: modelOf(), ticks: 4, faults: { cut: 1, wipe: 1 } },
  { title: 'cut, rollback, and a new start', model: modelOf(), ticks: 1, faults: { cut: 1, rollback: 1, start: 1 } },
  { title: 'a name is taken from one that is cut off', model: twinModel(), ticks: 1, faults: { cut: 1, twin: 1 } },
  { title: 'a name is taken before the start', model: twinModel(), ticks: -1, faults: { cut: 1, twin: 1 } },
  {
    title: 'blend: a name is taken from one that is cut off',
    model: twinModel({ mode: 'blend', fence: null }),
    ticks: 1,
    faults: { cut: 1, twin: 1 },
  },
  { title: 'the fence fails and its runner crashes', model: modelOf(), ticks: 5, faults: { crash: 1, fenceFails: 1, rollback: 1 } },
  {
    title: 'the fence is cut short, and A is seen open',
    model: modelOf(),
    ticks: 5,
    faults: { fenceCut: 1, fenceFails: 1, again: 1, crash: 1, rollback: 1, aIsOpen: 1 },
  },
  {
    title: 'one server, the fence is cut short, and A is seen open',
    model: aloneModel(),
    ticks: 1,
    faults: { fenceCut: 2, fenceFails: 1, again: 2, crash: 2, rollback: 1, aIsOpen: 1, start: 1 },
  },
  { title: 'no fence, crash and rollback', model: modelOf({}, smallPlan({ fence: null })), ticks: 2, faults: { crash: 1, rollback: 1 } },
  { title: 'one server, crashes and rollback', model: aloneModel(), ticks: 1, faults: { crash: 2, rollback: 1, start: 1, lose: 1 } },
  { title: 'one server without a fence', model: aloneModel({}, { fence: null }), ticks: 1, faults: { crash: 2, rollback: 1 } },
  {
    title: 'one server, blend, and B ill',
    model: aloneModel({}, { mode: 'blend', fence: null, transitionTtl: 2, countdown: 2 }),
    ticks: 1,
    faults: { unhealthy: 1 },
  },
  { title: 'the way back', model: backModel(), ticks: 'done', faults: {} },
  { title: 'the way back, and a replica is cut off', model: backModel(), ticks: 'done', faults: { cut: 1 } },
  { title: 'the way back, and a replica crashes', model: backModel(), ticks: 'done', faults: { crash: 1 } },
  { title: 'the way back, and a disk is lost', model: backModel(), ticks: 'done', faults: { wipe: 1 } },
  { title: 'the way back is rolled back', model: backModel(), ticks: 'done', faults: { rollback: 1, start: 2 } },
  {
    title: 'the way back of one server, which crashes',
    model: { ...backModel({}, { store: 'journal' }), offsets: [0] },
    ticks: 'done',
    faults: { crash: 2 },
  },
  { title: 'the store is emptied', model: modelOf(), ticks: 1, faults: { empty: 1 } },
  { title: 'the store is emptied close to the flip, and a disk is lost', model: modelOf(), ticks: 4, faults: { empty: 1, wipe: 1 } },
  { title: 'the store is emptied, and a replica crashes', model: modelOf(), ticks: 3, faults: { empty: 1, crash: 1 } },
  { title: 'the store is emptied, and a replica was cut off', model: modelOf(), ticks: 2, faults: { empty: 1, cut: 1 } },
  { title: 'blend: cut, and B ill', model: blendModel(), ticks: 1, faults: { cut: 1, unhealthy: 1 } },
  { title: 'blend: crash, and rollback', model: blendModel(), ticks: 1, faults: { crash: 1, rollback: 1 } },
  { title: 'one server whose clock is set', model: measured(aloneModel({}, { slack: 1 })), ticks: -1, faults: { forward: 1, back: 1 } },
  {
    title: 'one server without a fence whose clock is set',
    model: measured(aloneModel({}, { fence: null, slack: 1 })),
    ticks: 1,
    faults: { forward: 2, back: 2 },
  },
  { title: 'one server that sleeps', model: aloneModel(), ticks: 1, faults: { sleep: 1, forward: 1, back: 1 } },
  { title: 'a clock is set forward before the start', model: measured(modelOf()), ticks: -1, faults: { forward: 1 }, states: 60_000 },
  { title: 'a clock is set back before the start', model: measured(modelOf()), ticks: -1, faults: { back: 1 }, states: 60_000 },
  { title: 'a clock is set forward in the move', model: measured(modelOf({}, farFlip)), ticks: 1, faults: { forward: 1 }, states: 60_000 },
  { title: 'a clock is set back in the move', model: measured(modelOf({}, farFlip)), ticks: 1, faults: { back: 1 }, states: 60_000 },
  { title: 'clocks are set in the countdown', model: measured(modelOf({}, farFlip)), ticks: 4, faults: { forward: 1, back: 1 }, states: 60_000 },
  { title: 'a clock is set back, and a replica sleeps', model: modelOf(), ticks: 2, faults: { back: 1, sleep: 1 }, states: 60_000 },
  { title: 'a clock is set, and a replica crashes', model: modelOf(), ticks: 3, faults: { forward: 1, crash: 1 }, states: 60_000 },
  { title: 'a clock is set back, and a replica crashes', model: modelOf(), ticks: 3, faults: { back: 1, crash: 1 }, states: 60_000 },
  { title: 'blend: clocks are set', model: blendModel(), ticks: 1, faults: { forward: 1, back: 1 } },
];

/** A rule left out, the promise that breaks, and the smallest faults that break it. */
export interface Broken extends Scenario {
  readonly promise: Promised;
}

const unfenced = smallPlan({ fence: null });

export const broken: readonly Broken[] = [
  { title: 'R1 (write-ahead)', promise: 'P3', model: modelOf({ writeAhead: false }), ticks: 2, faults: { rollback: 1 } },
  {
    title: 'R1 (write-ahead), one server',
    promise: 'P1',
    model: aloneModel({ writeAhead: false }, { fence: null }),
    ticks: 1,
    faults: { lose: 1, rollback: 1 },
  },
  { title: 'R1 (write-ahead), several', promise: 'P1', model: modelOf({ writeAhead: false }, unfenced), ticks: 4, faults: { rollback: 1 } },
  { title: 'R2 (promise durable)', promise: 'P3', model: modelOf({ promiseDurable: false }), ticks: 1, faults: { crash: 1 } },
  { title: 'R2 (promise kept)', promise: 'P1', model: modelOf({ promiseKept: false }), ticks: 1, faults: {} },
  { title: 'R3 (session)', promise: 'P1', model: modelOf({ session: false }), ticks: 1, faults: { cut: 1 } },
  { title: 'R4 (all acknowledge)', promise: 'P1', model: modelOf({ allAcks: false }, smallPlan({ session: 6 })), ticks: 1, faults: { cut: 1 } },
  { title: 'R5 (fresh is silent)', promise: 'P1', model: modelOf({ freshSilent: false }), ticks: 4, faults: { wipe: 1 } },
  { title: 'R9 (all have taken over)', promise: 'P1', model: backModel({ allTakenOver: false }), ticks: 'done', faults: { replan: 0 } },
  { title: 'R10 (empty is not new)', promise: 'P1', model: modelOf({ restored: false }), ticks: 4, faults: { empty: 1, wipe: 1 } },
  { title: 'R6 (skew)', promise: 'P1', model: modelOf({ skew: false }), ticks: 1, faults: {} },
  { title: 'R7 (steady clock)', promise: 'P6', model: measured(aloneModel({ steady: false }, { slack: 1 })), ticks: -1, faults: { back: 1 } },
  { title: 'R8 (called off)', promise: 'P6', model: measured(modelOf({ abort: false }, farFlip)), ticks: 4, faults: { forward: 1 } },
].map((scenario) => ({ ...scenario, model: { ...scenario.model, promises: [scenario.promise] } }) as Broken);
