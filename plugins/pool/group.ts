// The members of a pool that are answered with the same kind of record, and the selectors made of those that answer now.
import { type Query, QueryType } from 'ferrydns/plugin';
import { type Answer, type Answers, type AnswerType, allDownAnswer, describe, noData, notReadyAnswer } from './answers.ts';
import { explainChoice } from './explain.ts';
import type { Member } from './member.ts';
import type { PoolSettings } from './options.ts';
import { makeSelector, type PolicyName, type Selector, type Turn } from './policy.ts';
import { type Serving, Succession } from './succession.ts';

type Kind = Member['spec']['kind'];

const typesOf: Readonly<Record<Kind, readonly AnswerType[]>> = { address: ['A', 'AAAA'], srv: ['SRV'], mx: ['MX'] };

export class Group {
  readonly kind: Kind;
  readonly members: readonly Member[];
  readonly succession: Succession<Member>;
  serving: Serving<Member> = { members: [], by: 'members' };
  readonly policy: PolicyName;
  private readonly count: number;
  private readonly answers: Answers;
  private readonly choices: readonly Choice[];

  constructor(kind: Kind, members: readonly Member[], { settings, answers }: { readonly settings: PoolSettings; readonly answers: Answers }) {
    this.kind = kind;
    this.members = members;
    this.answers = answers;
    // Who asks for SRV or MX records chooses himself, by their priorities: all that are well are given.
    this.policy = kind === 'address' ? settings.policy : 'round_robin';
    this.count = kind === 'address' ? settings.maxAnswers : Number.POSITIVE_INFINITY;
    const { failback, allDown } = settings;
    this.succession = new Succession({ ranks: ranksOf(members, this.policy), failback, allDown });
    this.choices = typesOf[kind].map((type) => new Choice(type));
  }

  /** Decides who answers; what is prepared for queries changes only where the outcome does. */
  review(now: number): Serving<Member> {
    this.serve(this.succession.review(now));
    return this.serving;
  }

  /** Prepares answers with these members. */
  serve(serving: Serving<Member>): void {
    this.serving = serving;
    const candidates = this.choices.map(({ type }) => this.serving.members.filter((member) => answersWith(member, type)));
    const nobody = candidates.every((list) => list.length === 0);
    const instead = this.members.some((member) => member.located) ? allDownAnswer : notReadyAnswer;
    for (const [i, choice] of this.choices.entries()) this.prepare(choice, candidates[i] ?? [], nobody ? instead : noData);
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
    // One record set is enough of an answer to ANY (RFC 8482 section 4.1).
    return query.typeCode === QueryType.ANY ? this.select(this.choices[0], query) : undefined;
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
    for (const [i, { turn }] of previous.choices.entries()) Object.assign(this.choices[i]?.turn ?? {}, turn);
  }

  private prepare(choice: Choice, candidates: readonly Member[], otherwise: Answer): void {
    const { type, turn } = choice;
    const outcome = `${otherwise.reply.rcode}|${candidates.map((member) => `${describe(type, member)}/${member.weight}/${member.percent}`).join(' ')}`;
    if (outcome === choice.outcome) return;
    choice.outcome = outcome;
    const { policy, count } = this;
    const make = (members: readonly Member[]) => this.answers.of(type, members);
    choice.select = candidates.length === 0 ? () => otherwise : makeSelector(candidates, { policy, count, turn, make });
  }
}

/** What is given for one record type. */
class Choice {
  readonly type: AnswerType;
  readonly code: number;
  /** Servers that start together do not begin with the same member. */
  readonly turn: Turn = { index: Math.floor(Math.random() * 1000), phase: Math.random() };
  /** Everything that `select` was made of. */
  outcome = '';
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
