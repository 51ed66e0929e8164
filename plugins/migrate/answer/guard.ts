// Looks at what passes by after the flip: answers for other names that still lead to A.
import { type Counter, type Logger, type Move, type Query, QueryType, Reply, type ResourceRecord, record, withoutRepeats } from 'ferrydns/plugin';
import { hinting } from './replies.ts';

export interface GuardOptions {
  readonly move: Move;
  readonly hits: Counter;
  readonly log: Logger;
  /** Whether another plan moves this name: what it is led to is that plan's matter. */
  isOthers(name: string): boolean;
}

/** The parameters of HTTPS and SVCB that are lists of addresses: `ipv4hint` and `ipv6hint` (RFC 9460 section 7.3), with the octets of each. */
const hints = [
  [4, 4],
  [6, 16],
] as const;

export class Guard {
  private readonly options: GuardOptions;
  /** The addresses of A as they stand in records, in hex. */
  private readonly old: ReadonlySet<string>;
  /** What was found in a reply, by the identity of its records: a cached one is looked at once. */
  private readonly judged = new WeakMap<object, boolean>();
  private readonly told = new Set<string>();

  constructor(options: GuardOptions) {
    this.options = options;
    const targets = options.move.plan.names.flatMap(({ from }) => from);
    this.old = new Set(targets.flatMap((target) => (target.kind === 'address' ? [inRecord(target.address)] : [])));
  }

  /** The reply as it may leave: in exclusive mode without addresses of A, in their place those of B, and without records that have them as hints. */
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

  /** Whether it names an address of A. */
  leadsToA(reply: Reply): boolean {
    const identity = reply.recordsIdentity;
    const known = this.judged.get(identity);
    if (known !== undefined) return known;
    const found = [...reply.answers, ...reply.additionals].some((each) => this.isOld(each));
    this.judged.set(identity, found);
    return found;
  }

  private isOld(each: ResourceRecord): boolean {
    return addressesIn(each).some((address) => this.old.has(address)) && !this.options.isOthers(each.name);
  }

  private replaced(reply: Reply): Reply {
    const answers = this.moved(reply.answers);
    const additionals = this.moved(reply.additionals);
    // Who asks for hints can do without; who asks for an address is not to take it that there is none.
    if (answers.length === 0 && reply.answers.some(({ typeCode }) => isAddress(typeCode))) return Reply.decline('SERVFAIL');
    return reply.with({ authenticData: false, answers, additionals });
  }

  private moved(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
    const { plan } = this.options.move;
    const found = records.flatMap((each) => {
      if (!this.isOld(each)) return [each];
      if (!isAddress(each.typeCode)) return [];
      const { name, type, data } = each;
      const moved = plan.names.find(({ from }) => from.some((target) => target.kind === 'address' && target.address === String(data)));
      const ttl = Math.min(each.ttl, plan.transitionTtl);
      return (moved?.to ?? []).flatMap((target) =>
        target.kind === 'address' && target.address.includes(':') === (type === 'AAAA') ? [record({ name, type, ttl, data: target.address })] : [],
      );
    });
    return withoutRepeats(found);
  }
}

function isAddress(typeCode: number): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA;
}

/** The addresses that a record leads to, in hex. */
function addressesIn(each: ResourceRecord): readonly string[] {
  if (isAddress(each.typeCode)) return [hexOf(each.rdata)];
  if (!hinting.has(each.typeCode)) return [];
  const { params } = each.data as { readonly params: Readonly<Record<number, Uint8Array>> };
  return hints.flatMap(([key, size]) => {
    const listed = params[key] ?? new Uint8Array();
    return Array.from({ length: Math.floor(listed.length / size) }, (_, i) => hexOf(listed.subarray(i * size, (i + 1) * size)));
  });
}

function inRecord(address: string): string {
  return hexOf(record({ name: '.', type: address.includes(':') ? 'AAAA' : 'A', data: address }).rdata);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
