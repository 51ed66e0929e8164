// Answers for other names that lead through a moved one, by a CNAME or in the additional section: they must not lead past the plan.
import { type Name, type Query, QueryType, type Reply, type ResourceRecord } from 'ferrydns/plugin';

/** Types that a plan answers: addresses, and HTTPS and SVCB, which may carry them. */
const steered: ReadonlySet<number> = new Set([QueryType.A, QueryType.AAAA, 64, 65]);

/** What is known of a reply's records. */
interface Judged {
  /** The moved name whose records stand in the answer. */
  readonly through: Name | undefined;
  /** Whether records of a moved name stand beside the answer. */
  readonly beside: boolean;
}

export class Aliases {
  private readonly names: ReadonlySet<string>;
  /** By the identity of its records: a cached reply is looked at once. */
  private readonly judged = new WeakMap<object, Judged>();

  constructor(names: readonly { readonly name: Name }[]) {
    this.names = new Set(names.map(({ name }) => name));
  }

  /** The moved name that a reply leads through; undefined: none, or what is asked for is not the plan's to answer. */
  through(reply: Reply, { typeCode }: Query): Name | undefined {
    return steered.has(typeCode) ? this.judge(reply).through : undefined;
  }

  /** The records that lead to the moved name, and not on from there. */
  leading(reply: Reply, through: Name): readonly ResourceRecord[] {
    const behind = new Set<string>([through]);
    for (let size = 0; size < behind.size; ) {
      size = behind.size;
      for (const { name, typeCode, data } of reply.answers) {
        if (typeCode === QueryType.CNAME && behind.has(name.toLowerCase())) behind.add(String(data).toLowerCase());
      }
    }
    return reply.answers.filter(({ name }) => !behind.has(name.toLowerCase()));
  }

  /** The reply without addresses of moved names beside its answer: who needs one asks for it. */
  bare(reply: Reply): Reply {
    if (!this.judge(reply).beside) return reply;
    return reply.with({ additionals: reply.additionals.filter((each) => !this.isMoved(each)) });
  }

  private judge(reply: Reply): Judged {
    const identity = reply.recordsIdentity;
    let judged = this.judged.get(identity);
    if (judged === undefined) {
      const found = reply.answers.find((each) => this.isMoved(each));
      judged = { through: found?.name.toLowerCase() as Name | undefined, beside: reply.additionals.some((each) => this.isMoved(each)) };
      this.judged.set(identity, judged);
    }
    return judged;
  }

  private isMoved({ name, typeCode }: ResourceRecord): boolean {
    return (steered.has(typeCode) || typeCode === QueryType.CNAME) && this.names.has(name.toLowerCase());
  }
}
