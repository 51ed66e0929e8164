// Renames and TTLs of records. What it made of a reply is remembered, so that a cached answer is not written anew each time.
import { replaceNames } from 'ferrydns/built-in';
import { nameFromWire, nameToWire, type Query, QueryError, type Reply, type ResourceRecord, typeCode } from 'ferrydns/plugin';
import type { Passage, Stage } from './stage.ts';
import type { RenameStep, TtlStep } from './step.ts';

/** Types whose first name in the data is rewritten: those that point at a host, a service or another name. */
const typesWithNames = new Set(['NS', 'CNAME', 'SOA', 'PTR', 'MX', 'SRV', 'NAPTR', 'DNAME'].map(typeCode));

/** Steps on single records, in the order in which they are carried out. */
export class RecordStage implements Stage {
  private readonly renames: readonly RenameStep[];
  private readonly bounds: readonly TtlStep[];
  /** What was made of replies that plugins keep, by reply. */
  private readonly made = new WeakMap<Reply, Reply>();
  /** What was made of replies from a cache, by the identity of their records: each time they come as a new reply with another TTL. */
  private readonly madeOfCached = new WeakMap<object, Reply>();

  constructor(steps: readonly (RenameStep | TtlStep)[]) {
    this.renames = steps.filter((step) => step.kind !== 'ttl');
    this.bounds = steps.filter((step) => step.kind === 'ttl');
  }

  apply(reply: Reply, { received }: Passage): Reply {
    if (reply.declined) return reply;
    return reply.ttl < 0 ? this.once(this.made, reply, reply) : this.aged(reply, received);
  }

  private aged(reply: Reply, received: Query): Reply {
    const made = this.once(this.madeOfCached, reply.recordsIdentity, reply);
    // The copy shares the wire form, so it has to be there before.
    made.formFor(received);
    const revised = made.behind(reply, this.bounded(reply.ttl));
    return reply.rcodeNumber === revised.rcodeNumber ? revised : revised.with({ rcode: reply.rcode });
  }

  private once<K extends object>(known: WeakMap<K, Reply>, key: K, reply: Reply): Reply {
    let made = known.get(key);
    if (made === undefined) {
      made = this.make(reply);
      known.set(key, made);
    }
    return made;
  }

  private make(reply: Reply): Reply {
    // A copy of its own, so that the wire form for the other question does not drive out the one for this.
    if (this.renames.length === 0 && this.bounds.length === 0) return reply.with({});
    const { answers, authorities, additionals } = reply;
    const edit = (record: ResourceRecord) => this.edit(record, reply.leased);
    return reply.with({ answers: answers.map(edit), authorities: authorities.map(edit), additionals: additionals.map(edit) });
  }

  private edit(record: ResourceRecord, leased: boolean): ResourceRecord {
    let { name, rdata } = record;
    for (const { kind, rename } of this.renames) {
      if (kind === 'name') name = checked(name, rename);
      else if (typesWithNames.has(record.typeCode) && isReadable(record)) rdata = withFirstName(record.typeCode, rdata, rename);
    }
    const bounded = this.bounded(record.ttl);
    const ttl = leased ? Math.min(record.ttl, bounded) : bounded;
    const same = name === record.name && rdata === record.rdata && ttl === record.ttl;
    return same ? record : record.with({ name, rdata, ttl });
  }

  private bounded(ttl: number): number {
    let result = ttl;
    for (const { min, max } of this.bounds) result = Math.min(Math.max(result, min), max);
    return result;
  }
}

/** Whether the data is a value of its type: what another server sent may be none, and is passed on as it came. */
function isReadable({ data }: ResourceRecord): boolean {
  return !(data instanceof Uint8Array);
}

function checked(name: string, rename: (name: string) => string): string {
  const other = rename(name);
  if (other !== name) toWire(other);
  return other;
}

/** The data with its first name renamed; the same bytes when that changes nothing. An SOA record's mailbox is its second name. */
function withFirstName(type: number, rdata: Uint8Array, rename: (name: string) => string): Uint8Array {
  let first = true;
  let changed = false;
  const renamed = replaceNames({ type, wire: rdata, start: 0, end: rdata.length }, (at) => {
    const name = nameFromWire(rdata, at);
    const other = first ? rename(name) : name;
    first = false;
    changed ||= other !== name;
    return toWire(other);
  });
  return changed ? renamed : rdata;
}

function toWire(name: string): Uint8Array {
  try {
    return nameToWire(name);
  } catch (cause) {
    throw new QueryError('SERVFAIL', `invalid name after rewrite of the answer: ${name}`, { cause });
  }
}
