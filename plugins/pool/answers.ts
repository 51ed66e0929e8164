// The replies of a pool: one for each set of members that is answered together, made once and given until the members change.
import { type Counter, ExtendedError, type Name, Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import type { Member } from './member.ts';

export type AnswerType = 'A' | 'AAAA' | 'SRV' | 'MX';

/** A reply, and whom it names. */
export interface Answer {
  readonly reply: Reply;
  /** Counts the answers of each member named. */
  readonly counters: readonly Counter[];
  /** The members named, as metadata has them. */
  readonly label: string;
}

export const noData: Answer = { reply: Reply.empty('NOERROR'), counters: [], label: '' };

/** No member is well, and the pool is to say so. */
export const allDownAnswer: Answer = { reply: Reply.decline('SERVFAIL', ExtendedError.NETWORK_ERROR), counters: [], label: '' };

/** No address is known yet. */
export const notReadyAnswer: Answer = { reply: Reply.decline('SERVFAIL', ExtendedError.NOT_READY), counters: [], label: '' };

/** Answers kept; choices of several members out of many are more than anybody needs to keep. */
const mostAnswers = 4096;
/** SRV weights have 16 bits. */
const largestWeight = 65_535;

export class Answers {
  private readonly name: Name;
  private readonly ttl: number;
  private readonly counterOf: (member: Member) => Counter;
  private readonly kept = new Map<string, Answer>();

  constructor({ name, ttl, counterOf }: { readonly name: Name; readonly ttl: number; readonly counterOf: (member: Member) => Counter }) {
    this.name = name;
    this.ttl = ttl;
    this.counterOf = counterOf;
  }

  /** The answer that names these members as they are now; the same object as long as they are. */
  of(type: AnswerType, members: readonly Member[]): Answer {
    const key = `${type} ${members.map((member) => describe(type, member)).join(' ')}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    if (this.kept.size >= mostAnswers) this.kept.clear();
    const answer = this.make(type, members);
    this.kept.set(key, answer);
    return answer;
  }

  private make(type: AnswerType, members: readonly Member[]): Answer {
    const { name, ttl } = this;
    const answers = members.flatMap((member): ResourceRecord[] => {
      const { priority, port } = member.spec;
      const target = member.spec.name ?? name;
      if (type === 'SRV') return [record({ name, ttl, type, data: { priority, weight: srvWeight(member), port, target } })];
      if (type === 'MX') return [record({ name, ttl, type, data: { preference: priority, exchange: target } })];
      return member.shown(type).map(({ rdata }) => record({ name, ttl, type, data: rdata }));
    });
    const additionals = type === 'SRV' || type === 'MX' ? members.flatMap((member) => this.addressRecords(member)) : [];
    const label = members.map((member) => member.label).join(',');
    return { reply: Reply.answer(answers, { additionals }), counters: members.map(this.counterOf), label };
  }

  /** The addresses of a target that are well, so that nobody needs to ask for those that are not. */
  private addressRecords(member: Member): ResourceRecord[] {
    const { name } = member.spec;
    if (name === undefined) return [];
    return member.shown().map(({ type, rdata }) => record({ name, ttl: this.ttl, type, data: rdata }));
  }
}

/** What of a member an answer depends on. */
export function describe(type: AnswerType, member: Member): string {
  const addresses = member
    .shown(type === 'A' || type === 'AAAA' ? type : undefined)
    .map(({ text }) => text)
    .join('+');
  return `${member.label}=${addresses}${type === 'SRV' ? `*${srvWeight(member)}` : ''}`;
}

/** Zero would mean "hardly ever" (RFC 2782), and who is not to be answered is left out. */
function srvWeight(member: Member): number {
  return Math.min(largestWeight, Math.max(1, Math.round(member.weight)));
}
