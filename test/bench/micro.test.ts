// The micro benches: how they are timed, and that each of them runs.
import { expect, test } from 'vitest';
import { time } from '../../bench/micro/bench.ts';
import { formatFigures } from '../../bench/micro/format.ts';
import { modules } from '../../bench/micro/index.ts';

test('a function is called as often as it is told, and its rounds give a median between the ends', async () => {
  let asked = 0;
  let called = 0;
  const figures = await time(
    {
      name: 'counting',
      prepare: () => (count) => {
        asked += count;
        let sum = 0;
        for (let call = 0; call < count; call += 1) {
          called += 1;
          sum += Math.sqrt(call);
        }
        return sum;
      },
    },
    3,
  );
  expect(called).toBe(asked);
  expect(figures.min).toBeGreaterThan(0);
  expect(figures.median).toBeGreaterThanOrEqual(figures.min);
  expect(figures.median).toBeLessThanOrEqual(figures.max);
});

test('a function that returns no number is a mistake of the bench', async () => {
  await expect(time({ name: 'nothing', prepare: () => () => Number.NaN }, 1)).rejects.toThrow('did not return a number');
});

test('figures of an earlier run are shown as ratios, those without one as a dash', () => {
  const spread = { median: 50, min: 40, max: 60 };
  const rows = formatFigures({ a: spread, b: spread }, { a: { ...spread, median: 100 } }).split('\n');
  expect(rows[2]).toMatch(/^\| a +\| +50 \| +40–60 \| +0\.50 \|$/);
  expect(rows[3]).toMatch(/\| +– \|$/);
});

test.each(Object.entries(modules))('%s: every bench can be called', async (name, load) => {
  const { benches } = await load();
  expect(benches.length).toBeGreaterThan(0);
  for (const { prepare, name: bench } of benches) {
    // A table of a million names is for a bench, not for a test.
    if (name === 'plugins/hosts' && !bench.includes(' 1,000 ')) continue;
    const subject = await prepare();
    expect(await subject(20)).toBeGreaterThan(0);
  }
});
