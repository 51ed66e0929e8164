// The command line of the bench.
import { expect, test } from 'vitest';
import { readArguments } from '../../bench/arguments.ts';

const plain = { workloads: ['cached', 'hosts'], servers: ['ferrydns', 'coredns'] };
const wide = { workloads: ['cached', 'tcp'], servers: ['ferrydns', 'unbound'] };
const known = (peers: boolean) => (peers ? wide : plain);

test('without words all workloads run, three rounds of three seconds, on every server that is there', () => {
  expect(readArguments([], known)).toEqual({
    workloads: ['cached', 'hosts'],
    servers: undefined,
    seconds: 3,
    podSeconds: 180,
    rounds: 3,
    peers: false,
    json: undefined,
    plots: undefined,
    from: undefined,
    help: false,
  });
});

test('names may be given as a list or by repeating the option, and keep the order of the report', () => {
  const words = ['--workload', 'hosts', '--workload', 'cached', '--servers', 'coredns,ferrydns'];
  expect(readArguments(words, known)).toMatchObject(plain);
});

test('lengths and the file are taken as given', () => {
  const words = ['--seconds', '10', '--rounds', '5', '--json', 'out.json'];
  expect(readArguments(words, known)).toMatchObject({ seconds: 10, podSeconds: 10, rounds: 5, json: 'out.json' });
});

test('with --peers other workloads and servers are known', () => {
  expect(readArguments(['--peers'], known)).toMatchObject({ peers: true, workloads: wide.workloads });
  expect(readArguments(['--peers', '--servers', 'unbound'], known).servers).toEqual(['unbound']);
  expect(() => readArguments(['--servers', 'unbound'], known)).toThrow('unknown server "unbound"');
});

test.each([
  [['--workload', 'cashed'], 'unknown workload "cashed", expected one of cached, hosts'],
  [['--servers', 'bind9'], 'unknown server "bind9", expected one of ferrydns, coredns'],
  [['--seconds', '0'], '--seconds is "0", expected a whole number from 1 to 600'],
  [['--rounds', '2.5'], '--rounds is "2.5", expected a whole number from 1 to 50'],
  [['--fast'], "Unknown option '--fast'"],
  [['cached'], 'cached'],
])('%j is refused, with what was found', (words, message) => {
  expect(() => readArguments(words, known)).toThrow(message);
});
