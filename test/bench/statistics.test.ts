// The figures that describe several runs.
import { expect, test } from 'vitest';
import { median, pairedRatio, percentile, slope, spreadOf } from '../../bench/statistics.ts';

test('the median of an odd number of runs is the middle one, of an even number the mean of the two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 7])).toBe(6);
});

test('a spread names the middle and both ends, whatever the order of the runs', () => {
  expect(spreadOf([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30 });
});

test('no runs give no figures', () => {
  expect(spreadOf([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN });
  expect(percentile([], 0.5)).toBeNaN();
  expect(pairedRatio([], [])).toBeNaN();
});

test('a percentile is the smallest value that the share of values does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile(hundred, 0.999)).toBe(100);
  expect(percentile([7], 0.01)).toBe(7);
});

test('a ratio compares the runs of one round with each other, so a machine that slows down does not shift it', () => {
  expect(pairedRatio([10, 20, 40], [20, 40, 80])).toBe(0.5);
});

test('a round that only one side has is left out of the ratio', () => {
  expect(pairedRatio([10], [20, 1000, 1000])).toBe(0.5);
});

test('a slope is what values rise by from one to the next, and noise around a line does not change it', () => {
  expect(slope([1, 3, 5, 7])).toBe(2);
  expect(slope([4, 4, 4])).toBe(0);
  expect(slope([0, 2, 1, 3])).toBeCloseTo(0.8);
  expect(slope([5])).toBeNaN();
});
