// Long runs at random: three to five replicas, every fault there is, and a seed that brings a run back.
import { randomFrom } from '../../src/migration/simulator/population.ts';
import { settled } from './explorer.ts';
import { act, actionsOf } from './model.ts';
import { modelOf, registeredWorld, smallPlan } from './scenarios.ts';
import { type Action, type Faults, type Model, nodeAt, replicaName, Violation, type World } from './world.ts';

export interface Run {
  readonly world: World;
  readonly actions: readonly Action[];
}

export class RunFailure extends Error {}

const faults: Faults = {
  crash: 6,
  wipe: 2,
  cut: 8,
  lose: 10,
  rollback: 2,
  start: 4,
  forget: 1,
  fenceFails: 2,
  fenceCut: 2,
  again: 2,
  aIsOpen: 1,
  twin: 0,
  unhealthy: 2,
  forward: 0,
  back: 0,
  sleep: 2,
  replan: 0,
  empty: 0,
  delay: 25,
};
/** Where clocks are set by more than `skew`, a move may be held up until somebody sees to them. */
const setClocks: Partial<Faults> = { forward: 2, back: 2 };

/** How much more often a thing happens than a fault. */
const weights: Readonly<Record<string, number>> = {
  tick: 12,
  swap: 14,
  disk: 14,
  read: 14,
  fence: 10,
  heal: 4,
  restart: 6,
  wake: 8,
  start: 4,
  well: 4,
  ghost: 3,
};

/** The world of a seed: how many replicas, how far apart their clocks, which mode. */
export function modelOfSeed(seed: number): Model {
  const random = randomFrom(seed ^ 0x5eed);
  const replicas = 3 + Math.floor(random() * 3);
  const blend = random() < 0.25;
  const fence = blend || random() < 0.3 ? null : { command: ['fence'], timeout: 1 };
  const slack = Math.floor(random() * 3);
  const plan = smallPlan({
    mode: blend ? 'blend' : 'exclusive',
    fence,
    slack,
    ttl: 2,
    transitionTtl: 1 + Math.floor(random() * 2),
    countdown: 2,
    session: 4,
    caches: [{ kind: 'jvm', seconds: Math.floor(random() * 3) }],
  });
  return { ...modelOf({}, plan), offsets: Array.from({ length: replicas }, () => (random() < 0.5 ? 1 : 0)), transit: slack };
}

/** One run; throws a {@link RunFailure} that names the seed and the step. */
export function run(seed: number, steps: number): Run {
  const model = modelOfSeed(seed);
  const random = randomFrom(seed);
  const actions: Action[] = [];
  let world = registeredWorld(model, seed % 5 === 0 ? { ...faults, ...setClocks } : faults);
  try {
    for (let i = 0; i < steps; i++) {
      const action = choose(withForget(world, actionsOf(model, world)), random);
      actions.push(action);
      world = act(model, world, action);
    }
    return { world: recovered(model, world), actions };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const last = actions.slice(-12).map(({ name, node }) => `${node < 0 ? '' : replicaName(node)} ${name}`);
    throw new RunFailure(`seed ${seed}, step ${actions.length}: ${error.message}; the last steps: ${last.join(',')}`);
  }
}

/** Everything heals and wakes, the gone are forgotten, time goes on: the world must come to one phase. */
function recovered(model: Model, before: World): World {
  const none: Faults = {
    ...before.faults,
    crash: 0,
    wipe: 0,
    cut: 0,
    lose: 0,
    rollback: 0,
    forget: 0,
    fenceFails: 0,
    unhealthy: 0,
    start: 1,
    delay: 0,
  };
  let world = settled(model, { ...before, faults: none });
  for (let i = 0; i < 60; i++) {
    const repair = withForget(world, actionsOf(model, world)).find(({ name }) => name.startsWith('forget-') || name === 'well' || name === 'start');
    world = settled(model, act(model, world, repair ?? { name: 'tick', node: -1 }));
    world = settled(model, act(model, world, { name: 'tick', node: -1 }));
  }
  return world;
}

/** The operator forgets a replica only when it is gone for good. */
function withForget(world: World, actions: readonly Action[]): readonly Action[] {
  const gone = world.nodes.findIndex((node, i) => node.gone && world.agreement?.members[replicaName(i)] !== undefined);
  if (gone < 0) return actions;
  const teller = world.nodes.findIndex((_, i) => nodeAt(world, i).state?.known?.agreement?.members[replicaName(gone)] !== undefined);
  return teller < 0 ? actions : [...actions, { name: `forget-${replicaName(gone)}`, node: teller }];
}

function choose(actions: readonly Action[], random: () => number): Action {
  const weighed = actions.map(({ name }) => weights[name] ?? (name.startsWith('forget-') ? 1 : 0.25));
  let left = random() * weighed.reduce((sum, weight) => sum + weight, 0);
  const chosen = actions.find((_, i) => {
    left -= weighed[i] ?? 0;
    return left < 0;
  });
  const fallback = actions[actions.length - 1];
  if (chosen === undefined && fallback === undefined) throw new Error('nothing can happen');
  return (chosen ?? fallback) as Action;
}
