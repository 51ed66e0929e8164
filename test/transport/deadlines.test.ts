import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Deadlines, type Waiting } from '../../src/transport/deadlines.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const tick = 10;
const waitFor = (milliseconds: number, expire: () => void): Waiting => ({
  until: performance.now() + milliseconds,
  expire,
  before: undefined,
  behind: undefined,
});

test('every wait ends once, not before its time, and no later than two ticks after', () => {
  const deadlines = new Deadlines(tick);
  const ended = new Map<number, number[]>();
  const start = performance.now();
  // The last ones are longer than a round of the wheel.
  const lengths = [0, 1, 9, 10, 11, 25, 25, 300, 5119, 5120, 5121, 12_345];
  for (const [i, length] of lengths.entries()) {
    deadlines.add(waitFor(length, () => ended.set(i, [...(ended.get(i) ?? []), performance.now() - start])));
  }
  vi.advanceTimersByTime(20_000);
  expect([...ended.keys()].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
  for (const [i, times] of ended) {
    expect(times).toHaveLength(1);
    expect(times[0]).toBeGreaterThanOrEqual(lengths[i] as number);
    expect(times[0]).toBeLessThanOrEqual((lengths[i] as number) + 2 * tick);
  }
  expect(vi.getTimerCount()).toBe(0);
});

test('what is removed does not end, wherever it stands among the others, and may be removed again', () => {
  const deadlines = new Deadlines(tick);
  const ended: number[] = [];
  const all = [0, 1, 2, 3, 4].map((i) => waitFor(25, () => ended.push(i)));
  for (const waiting of all) deadlines.add(waiting);
  for (const i of [0, 2, 4, 2]) deadlines.remove(all[i] as Waiting);
  vi.advanceTimersByTime(100);
  expect(ended.sort()).toEqual([1, 3]);
  deadlines.remove(all[1] as Waiting);
  expect(vi.getTimerCount()).toBe(0);
});

test('one that ends may end others, and begin new waits, its own as well', () => {
  const deadlines = new Deadlines(tick);
  const ended: string[] = [];
  const both: Waiting[] = ['a', 'b'].map((name, i) =>
    waitFor(25, () => {
      ended.push(name);
      deadlines.remove(both[1 - i] as Waiting);
      deadlines.add(waitFor(30, () => ended.push('later')));
    }),
  );
  for (const waiting of both) deadlines.add(waiting);
  vi.advanceTimersByTime(50);
  expect(ended).toHaveLength(1);
  vi.advanceTimersByTime(50);
  expect(ended.slice(1)).toEqual(['later']);
});

test('when the process is late, what has come meanwhile is heard before its wait is over', async () => {
  vi.useRealTimers();
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  onTestFinished(() => void vi.restoreAllMocks());
  const deadlines = new Deadlines(tick);
  const ended: string[] = [];
  const come = waitFor(5, () => ended.push('come'));
  const silent = waitFor(5, () => ended.push('silent'));
  // What has arrived is read in the round of the event loop in which the timers fire.
  setTimeout(() => setImmediate(() => deadlines.remove(come)), tick);
  deadlines.add(come);
  deadlines.add(silent);
  now = 1000;
  await expect.poll(() => ended).toEqual(['silent']);
});
