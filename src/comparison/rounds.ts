// Two servers asked the same question several times: whether a client would notice which of them answers.
import type { Reply } from '../dns/reply.ts';
import { type Difference, type DifferenceKind, describeKind, replyDifferences } from './reply-differences.ts';

/** What one side said: its reply, or why there was none. */
export type Said = { readonly reply: Reply } | { readonly failure: string };

/** Both sides, asked at the same time. */
export interface Round {
  readonly a: Said;
  readonly b: Said;
}

/** A side without a reply in any round is a difference of its own. */
type FoundDifference = Difference | { readonly kind: 'reply'; readonly a: string; readonly b: string };

export interface Verdict {
  /** `in turn`: one side or both answer differently from time to time, and what one says the other says too. `unanswered`: neither replied. */
  readonly state: 'same' | 'in turn' | 'different' | 'unanswered';
  /** Empty unless the state is `different`. */
  readonly differences: readonly FoundDifference[];
}

const same: Verdict = { state: 'same', differences: [] };
const inTurn: Verdict = { state: 'in turn', differences: [] };

/**
 * Judges what was said in some rounds, which are a second or more apart, so that a TTL that a cache counts down is seen to move. One round without a
 * difference is enough for `same`; one with a difference is not enough to tell it from answers that take turns.
 */
export function judgeRounds(rounds: readonly Round[], ignored: ReadonlySet<DifferenceKind> = new Set()): Verdict {
  const [a, b] = [repliesOf(rounds, 'a'), repliesOf(rounds, 'b')];
  if (a.length === 0 && b.length === 0) return { state: 'unanswered', differences: [] };
  if (a.length === 0 || b.length === 0)
    return { state: 'different', differences: [{ kind: 'reply', a: inWords(rounds, 'a'), b: inWords(rounds, 'b') }] };
  const beyondTtl = new Set<DifferenceKind>([...ignored, 'ttl']);
  const match = pairOf(a, b, (left, right) => replyDifferences(left, right, beyondTtl).length === 0);
  if (match === undefined) return takeTurns(a, b, beyondTtl) ? inTurn : { state: 'different', differences: lastDifferences(a, b, beyondTtl) };
  const ttls = ttlDifferences(a, b, ignored);
  if (ttls.length > 0) return { state: 'different', differences: ttls };
  return varies(a, beyondTtl) || varies(b, beyondTtl) ? inTurn : same;
}

function repliesOf(rounds: readonly Round[], side: 'a' | 'b'): readonly Reply[] {
  return rounds.map((round) => round[side]).flatMap((said) => ('reply' in said ? [said.reply] : []));
}

function inWords(rounds: readonly Round[], side: 'a' | 'b'): string {
  const said = rounds.at(-1)?.[side];
  if (said === undefined) return '-';
  return 'reply' in said ? said.reply.rcode : said.failure;
}

function pairOf(a: readonly Reply[], b: readonly Reply[], isMatch: (left: Reply, right: Reply) => boolean): readonly [Reply, Reply] | undefined {
  for (const left of a) {
    const right = b.find((each) => isMatch(left, each));
    if (right !== undefined) return [left, right];
  }
  return undefined;
}

function varies(replies: readonly Reply[], ignored: ReadonlySet<DifferenceKind>): boolean {
  const [first, ...others] = replies;
  return first !== undefined && others.some((other) => replyDifferences(first, other, ignored).length > 0);
}

/** Whether both hand out parts of one set, never the same part at once: all in all they say the same. */
function takeTurns(a: readonly Reply[], b: readonly Reply[], ignored: ReadonlySet<DifferenceKind>): boolean {
  if (!varies(a, ignored) || !varies(b, ignored)) return false;
  const besideAnswers = new Set<DifferenceKind>([...ignored, 'answer', 'order']);
  const alike = pairOf(a, b, (left, right) => replyDifferences(left, right, besideAnswers).length === 0) !== undefined;
  return alike && answersOf(a) === answersOf(b);
}

function answersOf(replies: readonly Reply[]): string {
  return [...new Set(replies.flatMap((reply) => describeKind('answer', reply).split(', ')))].sort().join(', ');
}

function lastDifferences(a: readonly Reply[], b: readonly Reply[], ignored: ReadonlySet<DifferenceKind>): readonly Difference[] {
  return replyDifferences(a.at(-1) as Reply, b.at(-1) as Reply, ignored);
}

/** Two caches have the same record with different times left. Only TTLs that stand still on both sides are the servers' own. */
function ttlDifferences(a: readonly Reply[], b: readonly Reply[], ignored: ReadonlySet<DifferenceKind>): readonly Difference[] {
  if (ignored.has('ttl') || !standsStill(a) || !standsStill(b)) return [];
  return lastDifferences(a, b, ignored).filter(({ kind }) => kind === 'ttl');
}

function standsStill(replies: readonly Reply[]): boolean {
  return new Set(replies.map((reply) => describeKind('ttl', reply))).size === 1;
}
