// What is read from the kernel: CPU time, memory and the cores that may be used.
import { expect, test } from 'vitest';
import { parseAllowed, pinned, shareCores } from '../../bench/cores.ts';
import { parseStat, parseStatus, processMemory, processTime } from '../../bench/process-time.ts';
import { soon } from '../support/soon.ts';

test('CPU time is user plus system time, even if the name of the program holds spaces and brackets', () => {
  const stat = '42 (od) d (x) S 1 42 42 0 -1 4194560 6403 0 27 0 59 60 7 8 20 0 8 0 75688 1899569152 14281\n';
  expect(parseStat(stat)).toBe(119);
});

test('a text that is no stat line is an error', () => {
  expect(() => parseStat('nothing')).toThrow('no CPU times');
});

test('memory is the resident set, now and at its peak, in MiB', () => {
  const status = 'Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n';
  expect(parseStatus(status)).toEqual({ resident: 10, peak: 20 });
  expect(() => parseStatus('Name:\tx\n')).toThrow('VmRSS');
});

test.runIf(process.platform === 'linux')('a process that works uses CPU time', () => {
  const before = processTime(process.pid);
  const end = performance.now() + soon.timeout;
  while (processTime(process.pid) <= before && performance.now() < end) Math.random();
  expect(processTime(process.pid)).toBeGreaterThan(before);
  expect(processMemory(process.pid).resident).toBeGreaterThan(1);
});

test('the cores that may be used are read from ranges and single numbers', () => {
  expect(parseAllowed('Cpus_allowed:\tff\nCpus_allowed_list:\t0-2,5\n')).toEqual([0, 1, 2, 5]);
  expect(parseAllowed('Name:\tx\n')).toEqual([]);
});

test('the server has a core of its own, the upstream only if there are three', () => {
  expect(shareCores([0, 1])).toEqual({ server: 1, load: 0, upstream: 0 });
  expect(shareCores([2, 3, 7])).toEqual({ server: 7, load: 2, upstream: 3 });
});

test('one core is not shared out, and nothing is pinned then', () => {
  expect(shareCores([3])).toBeUndefined();
  expect(shareCores([])).toBeUndefined();
  expect(pinned(undefined, ['a', 'b'])).toEqual(['a', 'b']);
  expect(pinned(3, ['a', 'b'])).toEqual(['taskset', '-c', '3', 'a', 'b']);
});
