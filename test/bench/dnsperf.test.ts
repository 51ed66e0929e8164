// What is read from the output of dnsperf.
import { expect, test } from 'vitest';
import { parseDnsperf, parseLatencies } from '../../bench/dnsperf.ts';

const output = `DNS Performance Testing Tool
Version 2.10.0

[Status] Sending queries (to 127.0.0.1:15399)
> NOERROR a.example. A 0.000370
> T b.example. A
> I c.example. A
> NXDOMAIN d.example. AAAA 0.000085
[Status] Testing complete (time limit)

Statistics:

  Queries sent:         75730
  Queries completed:    75727 (99.99%)
  Queries lost:         2 (0.01%)
  Queries interrupted:  1 (0.00%)

  Response codes:       NOERROR 75000 (99.04%), NXDOMAIN 727 (0.96%)
  Average packet size:  request 27, response 39
  Run time (s):         1.000767
  Queries per second:   75668.961906

  Average Latency (s):  0.001094 (min 0.000016, max 0.015092)
  Latency StdDev (s):   0.000911
`;

test('counts, codes and the length of the run are read from the statistics', () => {
  expect(parseDnsperf(output)).toMatchObject({
    sent: 75_730,
    completed: 75_727,
    lost: 2,
    rcodes: { NOERROR: 75_000, NXDOMAIN: 727 },
    seconds: 1.000767,
  });
});

test('latencies come in ascending milliseconds, without the queries that had no answer', () => {
  expect(parseDnsperf(output).latencies).toEqual([0.085, 0.37]);
});

test('a run without any answer has no codes and no latencies', () => {
  const silent = output
    .replace(/^> .*\n/gm, '')
    .replace('75727 (99.99%)', '0 (0.00%)')
    .replace(/NOERROR 75000.*/, '');
  expect(parseDnsperf(silent)).toMatchObject({ completed: 0, rcodes: {}, latencies: [] });
});

test('output that stops before the statistics is an error, not a run of nothing', () => {
  expect(() => parseDnsperf('[Status] Sending queries\n')).toThrow('no statistics');
});

test('a figure that is missing is named', () => {
  expect(() => parseDnsperf(output.replace('Queries lost', 'Queries gone'))).toThrow('"Queries lost"');
});

test('sorting latencies is by value, not by digits', () => {
  const lines = '> NOERROR a. A 0.010000\n> NOERROR a. A 0.002000\n> NOERROR a. A 0.100000\n';
  expect(parseLatencies(lines)).toEqual([2, 10, 100]);
});
