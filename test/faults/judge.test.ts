// The faults' own parts: the command line, the expectations, the report.
import { expect, test } from 'vitest';
import { readArguments } from '../../faults/arguments.ts';
import { faults } from '../../faults/cases/index.ts';
import { atMost, exactly, type Fault, keeps } from '../../faults/fault.ts';
import { type FaultResult, formatFault, misses } from '../../faults/report.ts';

const known = { faults: ['nothing', 'reload'], servers: ['ferrydns', 'coredns'] };

test('without words every fault runs on every server, with loads of five seconds', () => {
  expect(readArguments([], known)).toEqual({
    only: undefined,
    servers: undefined,
    json: undefined,
    write: false,
    seconds: 5,
    soak: undefined,
    help: false,
  });
});

test('names, lengths and the soak are read', () => {
  const words = ['--only', 'reload,nothing', '--servers', 'ferrydns', '--seconds', '7', '--json', 'a.json', '--soak', '30m'];
  expect(readArguments(words, known)).toMatchObject({ only: ['reload', 'nothing'], servers: ['ferrydns'], seconds: 7, json: 'a.json', soak: 1800 });
});

test.each([
  [['--only', 'reloads'], 'unknown fault "reloads", expected one of nothing, reload'],
  [['--seconds', '1'], '--seconds is "1", expected a whole number from 4 to 600'],
  [['--soak', '5'], '--soak is "5", expected a time from 60s to 48h, as 30m'],
  [['--write', '--only', 'reload'], '--write is for all faults and servers'],
])('%j is refused, with what was found', (words, message) => {
  expect(() => readArguments(words, known)).toThrow(message);
});

test('a figure that is missing, or no number, does not keep its bound', () => {
  expect(keeps(atMost('lost', 0), { lost: 0 })).toBe(true);
  expect(keeps(exactly('lost', 0), { lost: 1 })).toBe(false);
  expect(keeps(atMost('lost', 5), {})).toBe(false);
  expect(keeps(atMost('lost', 5), { lost: Number.NaN })).toBe(false);
});

const fault: Fault = { name: 'reload', title: 'a reload', peers: ['coredns'], expectations: [exactly('lost', 0)], run: async () => ({}) };
const result: FaultResult = {
  fault,
  outcomes: [
    { server: 'ferrydns', figures: { lost: 3, sent: 1000 } },
    { server: 'coredns', figures: { lost: 9, sent: 1000 } },
  ],
};

test('ferrydns alone is judged, and the table says what was expected', () => {
  expect(misses(result)).toEqual(['reload: lost is 3, expected 0']);
  expect(misses({ fault, outcomes: [{ server: 'ferrydns', figures: {}, failure: 'it has ended' }] })).toEqual(['reload: it has ended']);
  expect(formatFault(result)).toContain('| expected |    0 |       |');
});

test('every fault has a name of its own, and something that it expects', () => {
  const names = faults.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { expectations } of faults) expect(expectations.length).toBeGreaterThan(0);
});
