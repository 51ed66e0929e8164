// Answers for other names that lead through a moved one, by a CNAME or in the additional section: they must not lead past the plan.
import { isSubdomain, type Name, type Query, QueryType, type Reply, type ResourceRecord } from 'ferrydns/plugin';
import { hinting } from './replies.ts';

/** Types that a plan answers: addresses, and HTTPS and SVCB, which may carry them. */
const steered: ReadonlySet<number> = new Set([QueryType.A, QueryType.AAAA, ...hinting]);

/** What is known of a reply's records. */
interface Judged {
  readonly asked: Name;
  /** The first moved name on the way from the name asked for. */
  readonly through: Name | undefined;
  /** Whether records in the answer lead on from a moved name. */
  readonly leadsOn: boolean;
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
  through(reply: Reply, query: Query): Name | undefined {
    return steered.has(query.typeCode) ? this.judge(reply, query).through : undefined;
  }

  /** Whether records of its answer lead on from a moved name. */
  leadsOn(reply: Reply, query: Query): boolean {
    return this.judge(reply, query).leadsOn;
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
    return reply.answers.filter((each) => {
      const owner = each.name.toLowerCase();
      // Of a DNAME a cache could make the CNAME again (RFC 6672 section 3.4).
      return !behind.has(owner) && !this.isMoved(each) && !(each.typeCode === QueryType.DNAME && isSubdomain(through, owner));
    });
  }

  /**
   * A reply of a type that the plan has no answer for, without what leads on from a moved name: whoever keeps a CNAME goes by it for all types.
   * For the same reason a moved name is not denied, only that it has something of this type.
   */
  cut(reply: Reply, query: Query): Reply {
    const { through, leadsOn } = this.judge(reply, query);
    if (through === undefined || steered.has(query.typeCode) || !(leadsOn || reply.rcode === 'NXDOMAIN')) return reply;
    query.explained?.note(`${through} is a moved name: the answer does not lead on from there, and does not deny it`);
    const answers = leadsOn ? this.leading(reply, through) : reply.answers;
    // The SOA says how long to remember that nothing of this type is there (RFC 2308 section 5); a proof would deny every type.
    const isOwn = ({ name, typeCode }: ResourceRecord) => typeCode === QueryType.SOA && isSubdomain(through, name.toLowerCase());
    const authorities = leadsOn ? [] : reply.authorities.filter(isOwn);
    return reply.with({ rcode: 'NOERROR', authenticData: false, answers, authorities, additionals: [] });
  }

  /** The reply without addresses of moved names beside its answer: who needs one asks for it. */
  bare(reply: Reply, query: Query): Reply {
    if (!this.judge(reply, query).beside) return reply;
    return reply.with({ additionals: reply.additionals.filter((each) => !this.isMoved(each)) });
  }

  private judge(reply: Reply, { name }: Query): Judged {
    const identity = reply.recordsIdentity;
    let judged = this.judged.get(identity);
    // All empty replies are one.
    if (judged === undefined || judged.asked !== name) {
      const through = this.firstMoved(reply.answers, name);
      const leadsOn = reply.answers.some((each) => this.isMoved(each));
      judged = { asked: name, through, leadsOn, beside: reply.additionals.some((each) => this.isMoved(each)) };
      this.judged.set(identity, judged);
    }
    return judged;
  }

  private firstMoved(answers: readonly ResourceRecord[], asked: Name): Name | undefined {
    const aliases = answers.filter(({ typeCode }) => typeCode === QueryType.CNAME);
    const targets = new Map(aliases.map(({ name, data }) => [name.toLowerCase(), String(data).toLowerCase()]));
    let at: string | undefined = asked;
    for (let links = 0; at !== undefined && links <= targets.size; links++) {
      if (this.names.has(at)) return at as Name;
      at = targets.get(at);
    }
    // What does not follow from the question leads there as well for those who do not mind.
    return answers.find((each) => this.isMoved(each))?.name.toLowerCase() as Name | undefined;
  }

  private isMoved({ name, typeCode }: ResourceRecord): boolean {
    return (steered.has(typeCode) || typeCode === QueryType.CNAME) && this.names.has(name.toLowerCase());
  }
}
