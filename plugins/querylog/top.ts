// What is asked most, by whom, and what for nothing: counted of every event, told of the last hour or what else the memory's age is.
import type { Counted, CountedKey, CountedWaste, TopQueries } from 'ferrydns/built-in';
import { nameFromWire, ResponseCode } from 'ferrydns/plugin';
import { type ClientForm, clientForm, clientText } from './client-form.ts';
import { HeavyHitters } from './heavy-hitters.ts';
import type { RecordReader } from './record-reader.ts';
import type { Ring } from './ring.ts';
import { Wasted } from './wasted.ts';

/** What is counted apart from each other at most. */
const most = 1024;
const nameOctets = 256;

/** Names that come often. */
class Names {
  private readonly hitters = new HeavyHitters(most);
  private readonly octets = Buffer.alloc(most * nameOctets);

  add(record: RecordReader): void {
    const slot = this.hitters.add(record.nameHash);
    if (slot >= 0) this.describe(slot, record);
  }

  top(): CountedKey[] {
    return this.hitters.top(most).map(({ slot, count, error }) => ({ key: nameFromWire(this.octets, slot * nameOctets, true), count, error }));
  }

  clear(): void {
    this.hitters.clear();
  }

  private describe(slot: number, { bytes, nameStart, nameLength }: RecordReader): void {
    for (let i = 0; i < nameLength; i++) this.octets[slot * nameOctets + i] = bytes[nameStart + i] as number;
  }
}

/** Clients that come often. */
class Clients {
  private readonly hitters = new HeavyHitters(most);
  private readonly words = new Uint32Array(most * 4);
  private readonly forms = new Uint8Array(most);

  add(key: number, record: RecordReader): void {
    const slot = this.hitters.add(key);
    if (slot < 0) return;
    for (let i = 0; i < 4; i++) this.words[slot * 4 + i] = record.clientWord(i);
    this.forms[slot] = record.clientForm;
  }

  top(): CountedKey[] {
    return this.hitters
      .top(most)
      .map(({ slot, count, error }) => ({ key: clientText(this.forms[slot] as ClientForm, this.words, slot * 4), count, error }));
  }

  clear(): void {
    this.hitters.clear();
  }
}

/** All that is counted in one part of the time. */
class Span {
  readonly names = new Names();
  readonly clients = new Clients();
  readonly nxdomain = new Names();
  readonly wasters = new HeavyHitters(most);
  readonly wastes: Pick<CountedWaste, 'client' | 'namespace' | 'example'>[] = [];
  queries = 0;
  /** Milliseconds since 1970. */
  since = Date.now();

  waste(): CountedWaste[] {
    return this.wasters.top(most).flatMap(({ slot, count, error }) => {
      const found = this.wastes[slot];
      return found === undefined ? [] : [{ ...found, count, error }];
    });
  }

  begin(now: number): void {
    this.names.clear();
    this.clients.clear();
    this.nxdomain.clear();
    this.wasters.clear();
    this.queries = 0;
    this.since = now;
  }
}

export class Top {
  private now = new Span();
  private before: Span | undefined;
  private readonly wasted = new Wasted();

  /** Counts the events of a ring from this number on. */
  add(ring: Ring, from: number): void {
    for (let number = from; number < ring.end; number++) this.addOne(ring, ring.reader.look(ring.startOf(number)), number);
  }

  private addOne(ring: Ring, record: RecordReader, number: number): void {
    const span = this.now;
    span.queries++;
    span.names.add(record);
    if (record.rcode === ResponseCode.NXDOMAIN) span.nxdomain.add(record);
    const client = clientKey(record);
    span.clients.add(client, record);
    const waste = this.wasted.note(ring, record, { number, client });
    if (waste === undefined) return;
    const { namespace, count } = waste;
    const slot = span.wasters.add(Math.imul(client ^ hashText(namespace), 0x01000193), count);
    if (slot >= 0) span.wastes[slot] = { client: record.client, namespace: namespace || null, example: record.name };
  }

  /** Begins a new part of the time when the one before is half of `age` long, milliseconds. */
  turn(now: number, age: number): void {
    if (now - this.now.since < age / 2) return;
    const span = this.before ?? new Span();
    span.begin(now);
    this.before = this.now;
    this.now = span;
  }

  /** What came most. */
  told(limit: number): TopQueries {
    const { now, before } = this;
    const joined = <T extends Counted>(of: (span: Span) => readonly T[], keyOf: (one: T) => string): T[] =>
      joinedCounts([...of(now), ...(before === undefined ? [] : of(before))], keyOf).slice(0, limit);
    const key = (one: CountedKey) => one.key;
    return {
      since: new Date((before ?? now).since).toISOString(),
      queries: now.queries + (before?.queries ?? 0),
      names: joined(({ names }) => names.top(), key),
      clients: joined(({ clients }) => clients.top(), key),
      nxdomain: joined(({ nxdomain }) => nxdomain.top(), key),
      wasted: joined(
        (span) => span.waste(),
        ({ client, namespace }) => `${client} ${namespace}`,
      ),
    };
  }
}

/** Adds up what is there twice; what came most stands first. */
function joinedCounts<T extends Counted>(all: readonly T[], keyOf: (one: T) => string): T[] {
  const found = new Map<string, T>();
  for (const one of all) {
    const known = found.get(keyOf(one));
    found.set(keyOf(one), known === undefined ? one : { ...known, count: known.count + one.count, error: known.error + one.error });
  }
  return [...found.values()].sort((one, other) => other.count - one.count);
}

function clientKey(record: RecordReader): number {
  const { clientForm: form } = record;
  const first = record.clientWord(0) | 0;
  if (form === clientForm.none || form === clientForm.v4 || form === clientForm.v4Network) return first;
  let key = first;
  for (let i = 1; i < (form === clientForm.hash ? 2 : 4); i++) key = Math.imul(key, 0x01000193) ^ record.clientWord(i);
  return key;
}

function hashText(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
