// Table U: what an upstream may reply to `a.test A`, and what becomes of it. 192.0.2.1 is right, 6.6.6.6 is forged.
import type { Answer, Reaction, Script } from '../support/upstream.ts';
import { ordinary } from './bytes.ts';

/** One question of a client and its outcome. */
export interface Step {
  /** `a.test A` unless given. */
  readonly ask?: string;
  /** The outcomes that are right: a response code, `TC`, `NODATA`, or the records of the answer section as `NAME TYPE DATA`. */
  readonly gives: readonly string[];
  /** Seconds that the TTL of an answer may have at most. */
  readonly ttlAtMost?: number;
}

export interface UpstreamReply {
  readonly id: string;
  readonly title: string;
  /** What the upstream does when asked for `a.test A`. */
  readonly replies: Reaction;
  /** What it does when asked for other things. */
  readonly also?: Script;
  readonly steps: readonly Step[];
  /** How often it may be asked for `a.test`, at least and at most. */
  readonly asked?: readonly [least: number, most: number];
  /** Leaves the timeouts of forward at their defaults instead of shortening them. */
  readonly patient?: boolean;
}

const right = 'a.test 60 A 192.0.2.1';
const forged = 'a.test 60 A 6.6.6.6';
const good = 'a.test. A 192.0.2.1';
const answered: Step = { gives: [good] };
const failed: Step = { gives: ['SERVFAIL'] };

/** A forged reply at once, the right one 100 ms later. */
const before = (reply: Answer): Answer => ({ before: [reply], pause: 100, answer: [right] });
const asIf = (name: string, type: string, klass = 'IN') => ({ questions: [{ name, type, class: klass }], answer: [forged] });
const raw = (flags: string, counts: string, records: string): Answer => ({ raw: `.... ${flags} ${counts} ${ordinary} ${records}` });
const forgedRecord = 'c00c 0001 0001 0000003c 0004 06060606';
const noise = [
  '8180 0001 0001 0000 0000 f3 9d 01 77 c4 5a e2 0b 66 91 3e d8 24 af 70 1c 59 83 ee 47 b2 0d 6a f5 38 90 cb 14 7d a6 2f e8 53',
  '1ee3 7a04 c95f 8812 d36b 40 fe 27 99 b1 5c 03 e6 78 ad 32 cf 85 1b 60 f4 2e 97 d0 4b a9 16 73 ec 58 81 3d c2 0f 94 6e b7 25',
  'ffff ffff ffff ffff ffff c0 0c c0 0c c0 0c 00 00 00 00 ff ff ff ff 12 34 56 78 9a bc de f0 0f ed cb a9 87 65 43 21 00 11 22',
];

const foreign: Script = { 'foreign.test A': ['foreign.test 60 A 192.0.2.7'], 'ns.foreign.test A': ['ns.foreign.test 60 A 192.0.2.8'] };
const foreignIsRight: Step = { ask: 'foreign.test A', gives: ['foreign.test. A 192.0.2.7'] };
const links = Array.from({ length: 41 }, (_, i) => `${i === 0 ? 'a' : `c${i}`}.test 60 CNAME c${i + 1}.test`);
const texts = Array.from({ length: 9 }, (_, i) => `a.test 60 TXT "${i}${'x'.repeat(199)}"`);
const allTexts = texts.map((_, i) => `a.test. TXT "${i}${'x'.repeat(199)}"`).join(', ');

export const upstreamReplies: readonly UpstreamReply[] = [
  { id: 'U1', title: 'a wrong id, then the right answer', replies: before({ idOffset: 1, answer: [forged] }), steps: [answered] },
  { id: 'U2', title: 'a wrong id only', replies: { idOffset: 1, answer: [forged] }, steps: [failed], asked: [1, 5] },
  { id: 'U3', title: 'another name in the question, then the right answer', replies: before(asIf('b.test', 'A')), steps: [answered] },
  { id: 'U4', title: 'another type in the question, then the right answer', replies: before(asIf('a.test', 'AAAA')), steps: [answered] },
  { id: 'U5', title: 'another class in the question, then the right answer', replies: before(asIf('a.test', 'A', 'CH')), steps: [answered] },
  { id: 'U6', title: 'no question, then the right answer', replies: before({ questions: [], answer: [forged] }), steps: [answered] },
  { id: 'U7', title: 'a query, then the right answer', replies: before(raw('0180', '0001 0001 0000 0000', forgedRecord)), steps: [answered] },
  {
    id: 'U8',
    title: 'an answer from another port, then the right one',
    replies: before({ from: 'other port', answer: [forged] }),
    steps: [answered],
  },
  {
    id: 'U9',
    title: 'an answer from another address, then the right one',
    replies: before({ from: 'other address', answer: [forged] }),
    steps: [answered],
  },
  { id: 'U10', title: 'a header without error and without question', replies: { raw: '.... 8180 0000 0000 0000 0000' }, steps: [failed] },
  {
    id: 'U11',
    title: 'a record that is cut short',
    replies: raw('8180', '0001 0001 0000 0000', 'c00c 0001 0001 0000003c 0004 0606'),
    steps: [failed],
  },
  ...noise.map((bytes) => ({
    id: 'U12',
    title: 'the right id and noise, then the right answer',
    replies: before({ raw: `.... ${bytes}` }),
    steps: [answered],
  })),
  {
    id: 'U13',
    title: 'a pointer loop in an owner',
    replies: raw('8180', '0001 0001 0000 0000', 'c018 0001 0001 0000003c 0004 06060606'),
    steps: [failed],
  },
  {
    id: 'U14',
    title: 'TC, and TCP is reset',
    replies: { truncate: true, tcp: { close: 'reset' } },
    steps: [{ gives: ['TC', 'SERVFAIL'] }, { ask: 'a.test A +tcp', gives: ['SERVFAIL'] }],
  },
  {
    id: 'U15',
    title: 'TC, and TCP has the answer',
    replies: { truncate: true, answer: [right] },
    steps: [{ gives: ['TC', good] }, { ask: 'a.test A +tcp', gives: [good] }],
  },
  {
    id: 'U16',
    title: 'FORMERR without a question to EDNS',
    replies: ({ message }) => (message.opt === undefined ? { answer: [right] } : { rcode: 'FORMERR', questions: [], opt: false }),
    steps: [{ ask: 'a.test A +edns', gives: [good, 'FORMERR'] }],
  },
  { id: 'U17', title: 'SERVFAIL', replies: 'SERVFAIL', steps: [failed, failed], asked: [1, 1] },
  { id: 'U18', title: 'response code 11', replies: 'RCODE11', steps: [{ gives: ['SERVFAIL', 'RCODE11'] }] },
  { id: 'U19', title: 'five answers alike', replies: { before: Array(4).fill({ answer: [right] }), answer: [right] }, steps: [answered] },
  {
    id: 'U20',
    title: 'a foreign name server with its address',
    replies: {
      answer: [right],
      authority: ['foreign.test 60 NS ns.foreign.test'],
      additional: ['ns.foreign.test 60 A 6.6.6.6', 'foreign.test 60 A 6.6.6.6'],
    },
    also: foreign,
    steps: [answered, foreignIsRight, { ask: 'ns.foreign.test A', gives: ['ns.foreign.test. A 192.0.2.8'] }, answered],
  },
  {
    id: 'U21',
    title: 'the address of another name',
    replies: ['foreign.test 60 A 6.6.6.6'],
    also: foreign,
    steps: [{ gives: ['NODATA', 'SERVFAIL'] }, foreignIsRight],
  },
  {
    id: 'U22',
    title: 'a foreign address beside the right one',
    replies: [right, 'foreign.test 60 A 6.6.6.6'],
    also: foreign,
    steps: [answered, foreignIsRight, answered],
  },
  { id: 'U23', title: 'a CNAME to itself', replies: ['a.test 60 CNAME a.test'], steps: [failed], asked: [1, 2] },
  { id: 'U24', title: '41 CNAMEs in a chain', replies: [...links, 'c41.test 60 A 192.0.2.1'], steps: [{ gives: ['SERVFAIL', 'TC'] }] },
  { id: 'U25', title: 'a TTL of 2^32-1', replies: ['a.test 4294967295 A 192.0.2.1'], steps: [{ ...answered, ttlAtMost: 86_400 }] },
  { id: 'U26', title: 'a TTL of 0', replies: ['a.test 0 A 192.0.2.1'], steps: [answered, answered], asked: [2, 2] },
  { id: 'U27', title: 'NXDOMAIN without SOA', replies: 'NXDOMAIN', steps: [{ gives: ['NXDOMAIN'] }, { gives: ['NXDOMAIN'] }], asked: [2, 2] },
  { id: 'U28', title: 'an address of five octets', replies: ['a.test 60 A \\# 5 0606060606'], steps: [failed] },
  { id: 'U29', title: 'an UPDATE, then the right answer', replies: before(raw('a980', '0001 0001 0000 0000', forgedRecord)), steps: [answered] },
  {
    id: 'U30',
    title: 'the answer after 3 seconds',
    replies: { delay: 3000, answer: [right] },
    steps: [{ gives: [good, 'SERVFAIL'] }],
    patient: true,
  },
  { id: 'U31', title: 'silence', replies: { drop: true }, steps: [failed], patient: true },
  {
    id: 'U32',
    title: 'TC, and TCP has another id',
    replies: { truncate: true, tcp: { idOffset: 1, answer: [forged] } },
    steps: [{ gives: ['TC', 'SERVFAIL'] }, { ask: 'a.test A +tcp', gives: ['SERVFAIL'] }],
  },
  {
    id: 'U33',
    title: '1.9 KB over UDP',
    replies: [right],
    also: { 'a.test TXT': texts },
    steps: [
      { ask: 'a.test TXT +size=1232', gives: ['TC'] },
      { ask: 'a.test TXT +size=4096', gives: [allTexts] },
      { ask: 'a.test TXT +tcp', gives: [allTexts] },
    ],
  },
  {
    id: 'U34',
    title: 'a loopback address, while rebind protection is off',
    replies: ['a.test 60 A 127.0.0.1'],
    steps: [{ gives: ['a.test. A 127.0.0.1'] }],
  },
  { id: 'U35', title: 'REFUSED with an answer', replies: { rcode: 'REFUSED', answer: [forged] }, steps: [{ gives: ['REFUSED', 'SERVFAIL'] }] },
  {
    id: 'U36',
    title: 'a CNAME to a label with a dot in it',
    replies: ['a.test 60 CNAME a\\.b.test', 'a\\.b.test 60 A 192.0.2.1'],
    also: { 'a.b.test A': ['a.b.test 60 A 192.0.2.9'], 'a\\.b.test A': ['a\\.b.test 60 A 192.0.2.1'] },
    steps: [
      { gives: ['a.test. CNAME a\\.b.test., a\\.b.test. A 192.0.2.1'] },
      { ask: 'a\\.b.test A', gives: ['a\\.b.test. A 192.0.2.1'] },
      { ask: 'a.b.test A', gives: ['a.b.test. A 192.0.2.9'] },
    ],
  },
  { id: 'U37', title: '50 records of which one is there', replies: raw('8180', '0001 0032 0000 0000', forgedRecord), steps: [failed] },
];
