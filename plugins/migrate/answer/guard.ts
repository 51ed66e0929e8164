// Looks at what passes by after the flip: answers for other names that still lead to A.
import { type Counter, type Logger, type Move, type Query, QueryType, Reply, type ResourceRecord, record, withoutRepeats } from 'ferrydns/plugin';

export interface GuardOptions {
  readonly move: Move;
  readonly hits: Counter;
  readonly log: Logger;
  /** Whether another plan moves this name: what it is led to is that plan's matter. */
  isOthers(name: string): boolean;
}

export class Guard {
  private readonly options: GuardOptions;
  private readonly old: ReadonlySet<string>;
  /** What was found in a reply, by the identity of its records: a cached one is looked at once. */
  private readonly judged = new WeakMap<object, boolean>();
  private readonly told = new Set<string>();

  constructor(options: GuardOptions) {
    this.options = options;
    this.old = new Set(options.move.plan.names.flatMap(({ from }) => from.flatMap((target) => (target.kind === 'address' ? [target.address] : []))));
  }

  /** The reply as it may leave: in exclusive mode without addresses of A, in their place those of B. */
  check(reply: Reply, { name, explained }: Query): Reply {
    if (this.old.size === 0 || reply.recordCount === 0 || !this.leadsToA(reply)) return reply;
    const { hits, log, move } = this.options;
    if (explained !== undefined) explained.note('the answer leads to A, which is given up');
    else hits.add();
    if (explained === undefined && this.told.size < 100 && !this.told.has(name)) {
      this.told.add(name);
      log.warn(`${move.plan.name}: an answer for ${name} leads to A, which is given up`);
    }
    return move.plan.mode === 'exclusive' ? this.replaced(reply) : reply;
  }

  private leadsToA(reply: Reply): boolean {
    const identity = reply.recordsIdentity;
    const known = this.judged.get(identity);
    if (known !== undefined) return known;
    const found = [...reply.answers, ...reply.additionals].some((each) => this.isOld(each));
    this.judged.set(identity, found);
    return found;
  }

  private isOld(each: ResourceRecord): boolean {
    if (each.typeCode !== QueryType.A && each.typeCode !== QueryType.AAAA) return false;
    return this.old.has(String(each.data)) && !this.options.isOthers(each.name);
  }

  private replaced(reply: Reply): Reply {
    const answers = this.moved(reply.answers);
    if (reply.answerCount > 0 && answers.length === 0) return Reply.decline('SERVFAIL');
    return reply.with({ answers, additionals: this.moved(reply.additionals) });
  }

  private moved(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
    const { plan } = this.options.move;
    const { names } = plan;
    const found = records.flatMap((each) => {
      if (!this.isOld(each)) return [each];
      const moved = names.find(({ from }) => from.some((target) => target.kind === 'address' && target.address === String(each.data)));
      const { name, type } = each;
      const ttl = Math.min(each.ttl, plan.transitionTtl);
      return (moved?.to ?? []).flatMap((target) =>
        target.kind === 'address' && target.address.includes(':') === (type === 'AAAA') ? [record({ name, type, ttl, data: target.address })] : [],
      );
    });
    return withoutRepeats(found);
  }
}
