// The queries that every server is asked.
import { expect, test } from 'vitest';
import { drawZipf, hostsFile, peerWorkloads, workloads, zipfExponent } from '../../bench/workloads.ts';

const names = Array.from({ length: 1000 }, (_, index) => `n${index}. A`);

test('nine of ten draws go to the tenth of the names that is asked most', () => {
  const drawn = drawZipf(names, 1, 50_000);
  const top = new Set(names.slice(0, 100));
  const share = drawn.filter((line) => top.has(line)).length / drawn.length;
  expect(share).toBeGreaterThan(0.89);
  expect(share).toBeLessThan(0.91);
});

test('the same run draws the same queries for every server, another run draws others', () => {
  expect(drawZipf(names, 1, 500)).toEqual(drawZipf(names, 1, 500));
  expect(drawZipf(names, 1, 500)).not.toEqual(drawZipf(names, 2, 500));
});

test('a steeper share takes a greater exponent', () => {
  expect(zipfExponent(10_000, 0.9)).toBeGreaterThan(zipfExponent(10_000, 0.75));
  expect(zipfExponent(10_000, 0.1)).toBeCloseTo(0, 4);
});

test.each([...workloads, ...peerWorkloads])('$name: every line is one absolute name and a type', ({ queries, warm }) => {
  const lines = [...queries(1), ...warm];
  expect(lines.filter((line) => !/^([a-z0-9-]+\.)+ (A|AAAA)$/.test(line))).toEqual([]);
});

test.each([...workloads, ...peerWorkloads].filter(({ warm }) => warm.length > 0))(
  '$name: whatever is asked was put into the cache before',
  ({ queries, warm }) => {
    const known = new Set(warm);
    expect(queries(1).filter((line) => !known.has(line))).toEqual([]);
  },
);

test('a missed name is never asked a second time, in its run or in the next', () => {
  const misses = workloads.find(({ name }) => name === 'misses');
  const lines = [...(misses?.queries(1) ?? []), ...(misses?.queries(2) ?? [])];
  expect(lines.length).toBe(400_000);
  expect(new Set(lines).size).toBe(lines.length);
});

test('every name of the hosts workload is in the hosts file, with an address that is valid', () => {
  const entries = new Map(
    hostsFile(10_000)
      .trim()
      .split('\n')
      .map((line) => line.split(' ').toReversed() as [string, string]),
  );
  const hosts = workloads.find(({ name }) => name === 'hosts');
  const unknown = (hosts?.queries(1) ?? []).filter((line) => !entries.has(line.replace(' A', '')));
  expect(unknown).toEqual([]);
  expect(new Set(entries.values()).size).toBe(10_000);
  expect(entries.get('h9999.hosts.bench.')).toBe('10.0.39.15');
});

test.each(peerWorkloads.filter(({ kind }) => kind === 'hosts'))(
  '$name: asks for names of its hosts file, up to its end',
  ({ queries, hostsEntries }) => {
    const indices = queries(1).map((line) => Number(/^h(\d+)\./.exec(line)?.[1]));
    expect(Math.max(...indices)).toBeLessThan(hostsEntries);
    expect(Math.max(...indices)).toBeGreaterThan(hostsEntries * 0.9);
  },
);
