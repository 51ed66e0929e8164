import { expect, test } from 'vitest';
import { run } from './random.ts';
import { nodeAt } from './world.ts';

const seeds = Array.from({ length: 100 }, (_, i) => i + 1);

test('long runs of three to five replicas under every fault keep P1, P2 and P3, and end in one phase', () => {
  const ends = new Map<string, number>();
  for (const seed of seeds) {
    const { world } = run(seed, 400);
    const phase = world.agreement?.phase ?? 'none';
    ends.set(phase, (ends.get(phase) ?? 0) + 1);
    for (let i = 0; i < world.nodes.length; i++) {
      const { state } = nodeAt(world, i);
      if (state !== null) expect(`seed ${seed}: ${state.view?.phase}`).toBe(`seed ${seed}: ${phase}`);
    }
  }
  expect(ends.get('done') ?? 0).toBeGreaterThan(seeds.length / 2);
});

test.each([495, 3280, 8445])('clocks that are set while servers are cut off or down tell no horizon too early (seed %s)', (seed) => {
  expect(() => run(seed, 500)).not.toThrow();
});

test('a seed brings a run back, step by step', () => {
  expect(run(7, 300)).toEqual(run(7, 300));
});
