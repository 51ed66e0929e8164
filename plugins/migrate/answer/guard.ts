// Looks at what passes by from the flip on: answers for other names that still lead to A.
import type { Move } from 'ferrydns/built-in/moves';
import { type Counter, ExtendedError, type Logger, type Query, QueryType, Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import { hinting } from './replies.ts';
import type { KnownAddresses, SideAddresses } from './side-addresses.ts';

export interface GuardOptions {
  readonly move: Move;
  readonly hits: Counter;
  readonly log: Logger;
  readonly sideAddresses: SideAddresses;
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
  private behind: KnownAddresses;
  /** What was found in a reply, by the identity of its records: a cached one is looked at once, as long as the same addresses are A's. */
  private judged = new WeakMap<object, boolean>();
  private readonly told = new Set<string>();
  /** Queries that were counted, as they were received: their answers may come by more than once. */
  private readonly counted = new WeakSet<Query>();

  constructor(options: GuardOptions) {
    this.options = options;
    this.behind = options.sideAddresses.known;
  }

  /** The reply as it may leave: in exclusive mode without addresses of A, in their place those of B, and without records that have them as hints. */
  check(reply: Reply, query: Query): Reply {
    if (!this.leadsToA(reply)) return reply;
    this.note(query);
    return this.options.move.plan.mode === 'exclusive' ? this.replaced(reply, (each) => this.moved(each)) : reply;
  }

  /** Exclusive, between A and B: the reply without what leads to A; what has nothing else to say is not answered. */
  withheld(reply: Reply, query: Query): Reply {
    this.note(query);
    return this.replaced(reply, () => []);
  }

  private note({ name, origin, explained }: Query): void {
    const { hits, log, move } = this.options;
    if (explained !== undefined) {
      explained.note('the answer leads to A, which is given up');
      return;
    }
    if (!this.counted.has(origin)) hits.add();
    this.counted.add(origin);
    if (this.told.size >= 100 || this.told.has(name)) return;
    this.told.add(name);
    log.warn(`${move.plan.name}: an answer for ${name} leads to A, which is given up`);
  }

  /** Whether it names an address of A. */
  leadsToA(reply: Reply): boolean {
    const { known: behind } = this.options.sideAddresses;
    if (behind !== this.behind) {
      this.behind = behind;
      this.judged = new WeakMap();
    }
    if (behind.old.size === 0 || reply.recordCount === 0) return false;
    const identity = reply.recordsIdentity;
    const judged = this.judged.get(identity);
    if (judged !== undefined) return judged;
    const found = [...reply.answers, ...reply.additionals].some((each) => this.isOld(each));
    this.judged.set(identity, found);
    return found;
  }

  private isOld(each: ResourceRecord): boolean {
    return addressesIn(each).some((address) => this.behind.old.has(address)) && !this.options.isOthers(each.name);
  }

  private replaced(reply: Reply, instead: (address: ResourceRecord) => readonly ResourceRecord[]): Reply {
    const put = (records: readonly ResourceRecord[]) =>
      records.flatMap((each) => (!this.isOld(each) ? [each] : isAddress(each.typeCode) ? instead(each) : []));
    const answers = put(reply.answers);
    // Who asks for hints can do without; who asks for an address is not to take it that there is none.
    const lost = reply.answers.some(({ typeCode }) => isAddress(typeCode)) && !answers.some(({ typeCode }) => isAddress(typeCode));
    if (lost) return Reply.decline('SERVFAIL', ExtendedError.NOT_READY);
    return reply.with({ authenticData: false, answers, additionals: put(reply.additionals) });
  }

  /** The addresses of B that take the place of an address of A, with the lowered TTL. */
  private moved({ name, type, data, ttl }: ResourceRecord): readonly ResourceRecord[] {
    const lowered = Math.min(ttl, this.options.move.plan.transitionTtl);
    return this.behind.replacementsFor(String(data)).map((address) => record({ name, type, ttl: lowered, data: address }));
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

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
