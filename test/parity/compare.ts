// Compares what ferrydns did with what was recorded from CoreDNS; an empty list means the same.
import type { Observation, Recording } from './case.ts';

export interface Difference {
  readonly field: string;
  readonly recorded: unknown;
  readonly ferrydns: unknown;
}
export interface Rules {
  readonly order: 'any' | 'types' | 'exact';
  /** Seconds that a TTL may be off, where time has passed. */
  readonly tolerance: number;
}

/** Shares of 300 random picks are equal when they are closer than this. */
const SHARE_TOLERANCE = 0.2;

/** Compares one step. */
export function differences(recorded: Observation, ferrydns: Observation, rules: Rules): Difference[] {
  const found: Difference[] = [];
  const check = (field: keyof Observation, same: boolean): void => {
    if (!same) found.push({ field, recorded: recorded[field], ferrydns: ferrydns[field] });
  };
  for (const field of ['reply', 'opcode', 'question', 'opt', 'status', 'accepted'] as const) check(field, recorded[field] === ferrydns[field]);
  for (const field of ['answer', 'authority', 'additional'] as const) {
    check(field, sameRecords(recorded[field] ?? [], ferrydns[field] ?? [], field === 'answer' ? rules : { ...rules, order: 'any' }));
  }
  check('asked', same(sorted(recorded.asked), sorted(ferrydns.asked)));
  check('body', same(recorded.body, ferrydns.body));
  check('shares', sameShares(recorded.shares ?? {}, ferrydns.shares ?? {}));
  check('together', sameTogether(recorded.together ?? [], ferrydns.together ?? [], rules));
  if (recorded.line !== undefined) check('line', recorded.line === ferrydns.line);
  return found;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const sorted = (asked: Observation['asked']): unknown =>
  Object.entries(asked ?? {})
    .sort()
    .map(([upstream, lines]) => [upstream, [...lines].sort()]);

function sameRecords(recorded: readonly string[], ferrydns: readonly string[], { order, tolerance }: Rules): boolean {
  if (recorded.length !== ferrydns.length) return false;
  if (order === 'exact') return recorded.every((line, index) => sameRecord(line, ferrydns[index] ?? '', tolerance));
  if (order === 'types' && !same(recorded.map(typeOf), ferrydns.map(typeOf))) return false;
  const left = [...ferrydns];
  return recorded.every((line) => {
    const index = left.findIndex((other) => sameRecord(line, other, tolerance));
    if (index !== -1) left.splice(index, 1);
    return index !== -1;
  });
}

/** Addresses of both families are shuffled together, so they count as one type. */
export const typeOf = (line: string): string => (line.split(' ')[3] ?? '').replace('AAAA', 'A');

function sameRecord(recorded: string, ferrydns: string, tolerance: number): boolean {
  const [name, ttl, ...rest] = recorded.split(' ');
  const [otherName, otherTtl, ...otherRest] = ferrydns.split(' ');
  return name === otherName && same(rest, otherRest) && Math.abs(Number(ttl) - Number(otherTtl)) <= tolerance;
}

/** Tells whether two tallies of random picks agree. */
export function sameShares(recorded: Readonly<Record<string, number>>, ferrydns: Readonly<Record<string, number>>): boolean {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ferrydns)]);
  return [...keys].every((key) => Math.abs((recorded[key] ?? 0) - (ferrydns[key] ?? 0)) < SHARE_TOLERANCE);
}

function sameTogether(recorded: readonly Observation[], ferrydns: readonly Observation[], rules: Rules): boolean {
  if (recorded.length !== ferrydns.length) return false;
  return recorded.every((observation, index) => differences(observation, ferrydns[index] ?? {}, rules).length === 0);
}

/** Compares the kept lines of standard output. */
export function outputDifferences(recorded: Recording, ferrydns: Recording): Difference[] {
  const [a, b] = [recorded.output ?? [], ferrydns.output ?? []];
  return same([...a].sort(), [...b].sort()) ? [] : [{ field: 'output', recorded: a, ferrydns: b }];
}
