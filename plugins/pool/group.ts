// The members of a pool that are answered with the same kind of record, and the selectors made of those that answer now.
import { type Query, QueryType } from 'ferrydns/plugin';
import { type Answer, type Answers, type AnswerType, allDownAnswer, describe, noData, notReadyAnswer } from './answers.ts';
import { explainChoice } from './explain.ts';
import type { Member } from './member.ts';
import type { MemberSpec } from './member-words.ts';
import type { PoolSettings } from './options.ts';
import { makeSelector, type PolicyName, type Selector, type Turn } from './policy.ts';
import { isWell, type Serving, Succession } from './succession.ts';

type Kind = Member['spec']['kind'];

/** What the members of a group are answered with: `A` and `AAAA` where no member has both. */
export type Records = Kind | 'A' | 'AAAA';

const typesOf: Readonly<Record<Records, readonly AnswerType[]>> = { address: ['A', 'AAAA'], A: ['A'], AAAA: ['AAAA'], srv: ['SRV'], mx: ['MX'] };

export class Group {
  readonly records: Records;
  readonly members: readonly Member[];
  readonly succession: Succession<Member>;
  serving: Serving<Member> = { members: [], by: 'members' };
  readonly policy: PolicyName;
  /** All members of the kind, those with the other type of address as well. */
  private readonly kin: readonly Member[];
  private readonly count: number;
  private readonly answers: Answers;
  private readonly choices: readonly Choice[];

  /** Takes those of all members of the pool that are its own. */
  constructor(records: Records, all: readonly Member[], { settings, answers }: { readonly settings: PoolSettings; readonly answers: Answers }) {
    this.records = records;
    this.kin = all.filter(({ spec }) => spec.kind === this.kind);
    this.members = records === 'A' || records === 'AAAA' ? this.kin.filter(({ spec }) => familiesOf(spec).includes(records)) : this.kin;
    this.answers = answers;
    const forAddresses = this.kind === 'address';
    // Who asks for SRV or MX records chooses himself, by their priorities: all that are well are given.
    this.policy = forAddresses ? settings.policy : 'round_robin';
    this.count = forAddresses ? settings.maxAnswers : Number.POSITIVE_INFINITY;
    const { failback, allDown } = settings;
    this.succession = new Succession({ ranks: ranksOf(this.members, this.policy), failback, allDown });
    this.choices = typesOf[records].map((type) => new Choice(type));
  }

  get kind(): Kind {
    return this.records === 'A' || this.records === 'AAAA' ? 'address' : this.records;
  }

  /** Decides who answers; what is prepared for queries changes only where the outcome does. */
  review(now: number): Serving<Member> {
    const serving = this.succession.review(now);
    const others = !this.members.some(isWell) && this.kin.some(isWell);
    this.serve(others ? { members: [], by: 'none' } : serving);
    return this.serving;
  }

  /** Prepares answers with these members. */
  serve(serving: Serving<Member>): void {
    this.serving = serving;
    const { members, by } = serving;
    const candidates = this.choices.map(({ type }) => members.filter((member) => answersWith(member, type)));
    const nobody = by !== 'none' && candidates.every((list) => list.length === 0);
    const pending = members.some((member) => member.pending);
    const instead = pending || !this.members.some((member) => member.located) ? notReadyAnswer : allDownAnswer;
    for (const [i, choice] of this.choices.entries()) this.prepare(choice, candidates[i] ?? [], nobody || pending ? instead : noData);
  }

  /** Why there is nothing to fail back. */
  get settled(): string {
    const { ahead } = this.succession;
    if (!this.members.some(({ state }) => state === 'up')) return 'no member is well';
    if (ahead.length === 0) return 'the members that come first answer already';
    return `the members that come first are not well: ${ahead.map(({ label, state }) => `${label} is ${state}`).join(', ')}`;
  }

  /** The answer to a query of this type; undefined when it is not the group's. */
  answer(query: Query): Answer | undefined {
    for (const choice of this.choices) if (choice.code === query.typeCode) return this.select(choice, query);
    if (query.typeCode !== QueryType.ANY || this.serving.by === 'none') return undefined;
    // One record set is enough of an answer to ANY (RFC 8482 section 4.1).
    return this.select(this.choices.find(({ empty }) => !empty) ?? this.choices[0], query);
  }

  private select(choice: Choice | undefined, query: Query): Answer | undefined {
    const answer = choice?.select(query);
    if (query.explained !== undefined && answer !== undefined) explainChoice(query.explained, this, answer);
    return answer;
  }

  /** Goes on where the group of the pool that this one replaces was. */
  inherit(previous: Group): void {
    this.succession.inherit(previous.succession);
    this.serving = { members: [], by: previous.serving.by };
    for (const { type, turn } of previous.choices) Object.assign(this.choices.find((choice) => choice.type === type)?.turn ?? {}, turn);
  }

  private prepare(choice: Choice, candidates: readonly Member[], otherwise: Answer): void {
    const { type, turn } = choice;
    const outcome = `${otherwise.reply.rcode}|${candidates.map((member) => `${describe(type, member)}/${member.weight}/${member.percent}/${member.heard}`).join(' ')}`;
    if (outcome === choice.outcome) return;
    choice.outcome = outcome;
    choice.empty = candidates.length === 0;
    const { policy, count } = this;
    const make = (members: readonly Member[]) => this.answers.of(type, members);
    // Prepared by the first query: members may change often while nobody asks.
    choice.select = (query) => {
      choice.select = choice.empty ? () => otherwise : makeSelector(candidates, { policy, count, turn, make });
      return choice.select(query);
    };
  }
}

/** The groups of these members: one for each kind, or for each type of address where members that come first have the one or the other. */
export function recordsOf(members: readonly MemberSpec[]): readonly Records[] {
  const kinds = [...new Set(members.map(({ kind }) => kind))];
  return kinds.flatMap((kind) => (kind === 'address' && areApart(members) ? (['A', 'AAAA'] as const) : [kind]));
}

/** The group that this one goes on from. */
export function counterpartOf({ records, kind }: Group, groups: readonly Group[] = []): Group | undefined {
  return groups.find((group) => group.records === records) ?? groups.find((group) => group.kind === kind);
}

/** Members of both types, and backup members for both, move together; one that is to be looked up may be of both. */
function areApart(members: readonly MemberSpec[]): boolean {
  const ofAddresses = members.filter(({ kind }) => kind === 'address');
  const first = new Set(ofAddresses.flatMap((member) => (member.backup ? [] : familiesOf(member))));
  return first.size === 2 && ofAddresses.every((member) => familiesOf(member).length === 1);
}

function familiesOf({ addresses }: MemberSpec): readonly ('A' | 'AAAA')[] {
  return [...new Set(addresses.map((address) => (address.includes(':') ? 'AAAA' : 'A')))];
}

/** What is given for one record type. */
class Choice {
  readonly type: AnswerType;
  readonly code: number;
  /** Servers that start together do not begin with the same member. */
  readonly turn: Turn = { index: Math.floor(Math.random() * 1000), phase: Math.random() };
  /** Everything that `select` was made of. */
  outcome = '';
  /** Whether there is no member to name. */
  empty = true;
  select: Selector<Answer> = () => notReadyAnswer;

  constructor(type: AnswerType) {
    this.type = type;
    this.code = QueryTypeCodes[type];
  }
}

const QueryTypeCodes: Readonly<Record<AnswerType, number>> = { A: QueryType.A, AAAA: QueryType.AAAA, SRV: QueryType.SRV, MX: QueryType.MX };

function ranksOf(members: readonly Member[], policy: PolicyName): (readonly Member[])[] {
  const first = members.filter(({ backup }) => !backup);
  const backups = members.filter(({ backup }) => backup);
  return policy === 'failover' ? [...first, ...backups].map((member) => [member]) : [first, backups];
}

function answersWith(member: Member, type: AnswerType): boolean {
  return type === 'SRV' || type === 'MX' || member.shown(type).length > 0;
}
