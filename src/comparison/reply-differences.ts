// What a client would notice between two replies to the same question.
import { QueryType } from '../dns/codes.ts';
import { presentRecord } from '../dns/presentation.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { Reply } from '../dns/reply.ts';

/** What can differ. `ignored` kinds are not looked at. */
export const differenceKinds = ['rcode', 'flags', 'answer', 'order', 'ttl', 'authority', 'additional'] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

/** What differs, with what each side has of it, in words. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly a: string;
  readonly b: string;
}

type Describe = (reply: Reply) => readonly string[];

/** Each kind as lines that are the same for replies that a client takes for the same. */
const describe: Readonly<Record<DifferenceKind, Describe>> = {
  rcode: ({ rcode }) => [rcode],
  flags: flagsOf,
  answer: ({ answers }) => asSet(answers.map(withoutTtl)),
  order: ({ answers }) => withoutRepeats(answers.map(({ name, type }) => `${name.toLowerCase()} ${type}`)),
  ttl: ({ answers }) => asSet(answers.map(({ name, type, ttl }) => `${name.toLowerCase()} ${type} ${ttl} s`)),
  authority: authorityOf,
  additional: ({ additionals }) => asSet(additionals.map(withoutTtl)),
};

/**
 * The differences, in the order of {@link differenceKinds}. Records are sets, names are compared without letter case. Order means that of the record sets, as of a
 * CNAME and what it leads to: records of one set may come in any. TTLs and order are looked at where the answers are the same, else they say nothing.
 */
export function replyDifferences(a: Reply, b: Reply, ignored: ReadonlySet<DifferenceKind> = new Set()): readonly Difference[] {
  const found: Difference[] = [];
  for (const kind of differenceKinds) {
    const meansNothing = (kind === 'ttl' || kind === 'order') && !same('answer', a, b);
    if (ignored.has(kind) || meansNothing || same(kind, a, b)) continue;
    found.push({ kind, a: describeKind(kind, a), b: describeKind(kind, b) });
  }
  return found;
}

/** What a reply has of a kind, in one line. */
export function describeKind(kind: DifferenceKind, reply: Reply): string {
  const lines = describe[kind](reply);
  return lines.length === 0 ? '-' : lines.join(', ');
}

function same(kind: DifferenceKind, a: Reply, b: Reply): boolean {
  const [left, right] = [describe[kind](a), describe[kind](b)];
  return left.length === right.length && left.every((line, i) => line === right[i]);
}

/** AA is left out: a stub resolver makes nothing of it, and a cache takes it away. */
function flagsOf({ truncated, recursionAvailable, authenticData }: Reply): readonly string[] {
  return [truncated ? 'tc' : '', recursionAvailable ? 'ra' : '', authenticData ? 'ad' : ''].filter((flag) => flag !== '');
}

/** Of a denial, what says how long it may be kept (RFC 2308 section 5). Beside an answer the section is of no use to a client. */
function authorityOf({ answers, authorities }: Reply): readonly string[] {
  if (answers.some(({ typeCode }) => typeCode !== QueryType.CNAME)) return [];
  return asSet(authorities.map((record) => (record.typeCode === QueryType.SOA ? denialTime(record) : withoutTtl(record))));
}

/** Serial numbers are left out: some servers make them of the time. */
function denialTime(record: ResourceRecord): string {
  return `${record.name.toLowerCase()} SOA minimum ${(record.data as { minimum: number }).minimum}`;
}

function withoutTtl(record: ResourceRecord): string {
  const [name, , , type, ...data] = presentRecord(record).split(' ');
  // Names in the data differ in letter case only where a client takes them for the same.
  const text = record.type === 'TXT' ? data.join(' ') : data.join(' ').toLowerCase();
  return `${name?.toLowerCase()} ${type} ${text}`;
}

function asSet(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)].sort();
}

function withoutRepeats(lines: readonly string[]): readonly string[] {
  return lines.filter((line, i) => line !== lines[i - 1]);
}
