// Wall clocks that are set by seconds, hours and days, and machines that sleep, at each point of a move: who is silent, for how long, and what is promised.
import { describe, expect, test } from 'vitest';
import { shown } from '../../src/migration/clock.ts';
import { forecastOf } from '../../src/migration/forecast.ts';
import { settled } from './explorer.ts';
import { act, actionsOf } from './model.ts';
import { incident, measured, modelOf, planFor, registeredWorld, smallPlan } from './scenarios.ts';
import { Server, start } from './server.ts';
import { answerFor } from './status.ts';
import { type Model, momentOf, nodeAt, noFaults, type World, withNode } from './world.ts';

const steps = [2, -2, 20, -20, 3600, -3600, 3 * 86_400, -3 * 86_400];
/** Seconds after the start at which the clock is set: what the plain move is doing then. */
const moments = { original: -1, lowering: 30, countdown: 65, flipping: 69.5, draining: 80, done: 200 };
const cases = Object.entries(moments).flatMap(([phase, at]) => steps.map((step) => ({ phase, at, step })));

/** A whole move: when A was answered last and B first, when A may be switched off, and whether each was told as it came, by the clock on the wall. */
function move(moved: Server, meddle: (at: number) => void) {
  const seen = { lastA: 0, firstB: 0, off: 0, misled: 0 };
  for (let at = -2; at < 300; at += 0.5) {
    if (at === 0) expect(moved.command('start')).toBe('');
    meddle(at);
    moved.wait(0.5);
    const { answer } = moved.answer();
    if (answer === 'from') seen.lastA = at;
    if (answer === 'to' && seen.firstB === 0) seen.firstB = at;
    const { mayBeSwitchedOff, horizon } = moved.status;
    if (!mayBeSwitchedOff) continue;
    seen.off ||= at;
    const told = shown(moved.state, moved.now(), horizon.at ?? 0) - moved.shifted - start;
    seen.misled = Math.max(seen.misled, Math.abs(told - (seen.off + 2) * 1000));
  }
  return seen;
}

describe('one server', () => {
  test.each(['fence', 'none'])('with %s: a clock that is set changes nothing of what clients see and are promised', (kind) => {
    const plan = planFor({ ...incident, ...(kind === 'none' ? { fence: null } : {}) });
    const plain = move(new Server(plan), () => {});
    expect(plain.firstB - plain.lastA).toBeLessThanOrEqual(forecastOf(plan, { ttl: null, upstreamTtl: null }).silence + 1);
    expect(plain.misled).toBeLessThan(1000);
    for (const { phase, at, step } of cases) {
      const moved = new Server(plan);
      const seen = move(moved, (now) => {
        if (now === at) moved.shifted = step * 1000;
      });
      expect({ phase, step, ...seen, misled: 0 }).toEqual({ phase, step, ...plain, misled: 0 });
      expect(seen.misled, `${phase} ${step}`).toBeLessThan(1000);
    }
  });

  test.each(Object.entries(moments))('that sleeps for ten seconds in %s is not silent for longer once it is awake', (_, at) => {
    const plain = move(new Server(planFor(incident)), () => {});
    const moved = new Server(planFor(incident));
    const seen = move(moved, (now) => {
      if (now !== at) return;
      moved.elapsed += 10_000;
      moved.slept += 10_000;
    });
    expect(seen.firstB - seen.lastA).toBe(plain.firstB - plain.lastA);
  });

  test.each([-20, -3600])('restarted by a clock that was set back by %s s counts on from what was written', (step) => {
    for (const at of [30, 65, 69.5, 80]) {
      const moved = new Server(planFor(incident));
      const seen = move(moved, (now) => {
        if (now !== at) return;
        moved.shifted = step * 1000;
        moved.restart();
      });
      expect(seen.firstB - seen.lastA, `${at}`).toBeLessThanOrEqual(10);
      expect(seen.off).toBeGreaterThan(0);
    }
  });

  test('set forward in the move and restarted does not take the step for time that has passed', () => {
    const moved = new Server(planFor(incident));
    moved.command('start');
    moved.wait(10);
    moved.shifted = 3_600_000;
    moved.wait(1);
    moved.restart();
    expect(moved.command('advance')).toMatch(/^answers with the old TTL are still alive/);
    moved.wait(1);
    expect(moved.status.phase).toBe('lowering');
  });
});

describe('a clock that is behind the journal', () => {
  const behind = () => {
    const moved = new Server(planFor(incident));
    moved.shifted = -3_600_000;
    moved.restart();
    moved.wait(1);
    return moved;
  };

  test('starts nothing, and says what to do', () => {
    const moved = behind();
    expect(moved.command('start')).toMatch(
      /^the clock says .*T21:13:21.*Z, and the journal was written until .*T22:13:20.*Z: set the clock right; .*`start -force`/,
    );
    expect(moved.state.alarms.clock).toMatch(/^the clock is behind the journal/);
    expect(moved.answer().answer).toBe('from');
    moved.restart();
    expect(moved.command('start')).toMatch(/^the clock says/);
    moved.shifted = 0;
    moved.wait(1);
    expect(moved.state.alarms.clock).toBeUndefined();
    expect(moved.command('start')).toBe('');
  });

  test('is taken over when a person says that it is right', () => {
    const moved = behind();
    expect(moved.command('start', { force: true })).toBe('');
    moved.wait(69.5);
    expect(moved.answer().answer).toBe('silent');
    moved.wait(3);
    expect(moved.answer().answer).toBe('to');
  });

  test('is one that was set back while nothing waited, and nothing is behind then, after a restart neither', () => {
    const moved = new Server(planFor(incident));
    moved.shifted = -20_000;
    moved.wait(1);
    moved.restart();
    moved.wait(1);
    expect(moved.command('start')).toBe('');
  });
});

describe('servers that share a plan', () => {
  const plan = smallPlan({ ttl: 6, slack: 3, transitionTtl: 3, countdown: 12, session: 10 });
  const reach = { original: -5, lowering: 3, countdown: 12, flipping: 25, draining: 29 };
  const modelFor = (replicas: number): Model => ({ ...measured(modelOf({}, plan)), offsets: Array<number>(replicas).fill(0) });
  const second = (model: Model, world: World) => settled(model, act(model, world, { name: 'tick', node: -1 }));
  const shared = [2, 3].flatMap((replicas) =>
    Object.entries(reach).flatMap(([phase, at]) =>
      steps.flatMap((stride) => [1, replicas].map((stepped) => ({ replicas, stepped, phase: phase as keyof typeof reach, at, stride }))),
    ),
  );

  const begun = (model: Model, world: World): World =>
    world.agreement?.phase === 'original' && world.faults.start > 0 ? settled(model, act(model, world, { name: 'start', node: 0 })) : world;

  /** The clocks of the first so many servers are set at this second after the start. The promises are checked at each step, P6 among them. */
  function run({ replicas, stepped, at, stride }: Omit<(typeof shared)[number], 'phase'>): World {
    const model = modelFor(replicas);
    let world = registeredWorld(model, { ...noFaults, start: 1 });
    for (let now = -6; now < 90; now++) {
      for (let i = 0; now === at && i < stepped; i++) world = withNode(world, i, { ...nodeAt(world, i), shift: stride });
      if (now >= 0) world = begun(model, world);
      world = second(model, world);
    }
    return world;
  }

  /** Once F has come, and by a clock that is set back, the move goes on as reckoned. One that is set forward before F calls it off. */
  function endOf({ phase, stride }: (typeof shared)[number]): RegExp {
    if (phase === 'flipping' || phase === 'draining' || (stride < 0 && phase !== 'original')) return /^done 1$/;
    return phase === 'countdown' ? /^original 2$/ : /^(done 1|lowering 1|countdown 1|original [12])$/;
  }

  test.each(shared)('$stepped of $replicas set by $stride s in $phase: nobody is silent for longer than reckoned', (one) => {
    const world = run(one);
    const end = `${world.agreement?.phase} ${world.agreement?.epoch}`;
    expect(end).toMatch(endOf(one));
    const model = modelFor(one.replicas);
    const answers = world.nodes.map(({ state }, i) => state && answerFor(state, momentOf(model, world, i)).answer);
    expect(new Set(answers)).toEqual(new Set([end === 'done 1' ? 'to' : 'from']));
  });

  test('the one that calls the flip off says why', () => {
    const world = run({ replicas: 2, stepped: 1, at: reach.countdown, stride: 20 });
    expect(nodeAt(world, 0).state?.alarms.clock).toBe(
      'the clock of a went 20 s forward in the course of the move: the flip is called off, A is answered; see to the clock and start again',
    );
  });

  test('one whose clock is behind what another has written starts nothing', () => {
    const model = modelFor(2);
    let world = registeredWorld(model, { ...noFaults, start: 1 });
    world = second(model, withNode(world, 1, { ...nodeAt(world, 1), shift: -20 }));
    const starts = actionsOf(model, world).filter(({ name }) => name === 'start');
    expect(starts).toEqual([{ name: 'start', node: 0 }]);
  });
});
