// Three servers that share plans in a real etcd, disturbed at many moments of their moves: never mixed, never back, never stuck.
import { expect, test } from 'vitest';
import { randomFrom } from '../../src/migration/simulator/population.ts';
import { Etcd } from '../support/etcd.ts';
import { type Disturbance, disturbances, ReplicatedMoves } from '../support/replicated-moves.ts';

/** Each meets the plans of one group of servers, each of them in a phase of its own. */
const count = 17;
const plansInGroup = 3;
const atOnce = 3;
/** Reproduces what was drawn, not how fast the machine is. */
const seed = Number(process.env['FERRYDNS_SEED'] ?? Date.now() % 1_000_000);

test(`with a server cut off, paused or killed at ${count * plansInGroup} moments, B is never followed by A, and all end alike (seed ${seed})`, {
  timeout: 400_000,
}, async () => {
  await using etcd = await Etcd.start();
  const next = randomFrom(seed);
  const planned = Array.from({ length: count }, (_, i) => ({ i, disturbance: draw(i, next) }));
  const met: string[] = [];
  const groups = Array.from({ length: atOnce }, async () => {
    for (let each = planned.shift(); each !== undefined; each = planned.shift()) {
      const { i, disturbance } = each;
      const plans = Array.from({ length: plansInGroup }, (_, plan) => `move-${i}-${plan}`);
      await using moves = await ReplicatedMoves.begin(plans, etcd);
      const phases = await moves.run(disturbance).catch((error: Error) => {
        planned.length = 0;
        throw new Error(`seed ${seed}, ${JSON.stringify(disturbance)}: ${error.message}`, { cause: error });
      });
      met.push(...phases);
    }
  });
  // Also after a failure every server is ended first.
  for (const outcome of await Promise.allSettled(groups)) if (outcome.status === 'rejected') throw outcome.reason;
  expect(met.length).toBeGreaterThanOrEqual(50);
  for (const phase of ['lowering', 'countdown', 'flipping']) expect(met).toContain(phase);
});

/** Each kind of disturbance again and again, of a server and at a moment and for a time that are drawn. */
function draw(i: number, next: () => number): Disturbance {
  const kind = disturbances[i % disturbances.length] ?? 'silent';
  const phase = ['lowering', 'countdown', 'flipping'][Math.floor(next() * 3)] ?? 'lowering';
  return { kind, phase, victim: Math.floor(next() * 3), after: next() * (phase === 'flipping' ? 600 : 2000), lasts: 100 + next() * 8000 };
}
