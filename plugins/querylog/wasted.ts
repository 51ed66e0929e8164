// Queries that a search list has cost: NXDOMAIN for a name with a suffix, from a client to which the name without it is answered soon afterwards. With
// `ndots:5`, as Pods have it, that is most of what a cluster's DNS is asked.
import { nameFromWire, ResponseCode } from 'ferrydns/plugin';
import type { Area } from './record.ts';
import type { RecordReader } from './record-reader.ts';
import type { Ring } from './ring.ts';

/** What a name has cost that was found in the end. */
export interface Waste {
  /** Queries that were for nothing. */
  readonly count: number;
  /** The namespace of the search list, as in "NAMESPACE.svc.cluster.local"; empty where it is no Pod's. */
  readonly namespace: string;
}

/** Clients that are looked at at a time, and denials of each that are remembered: those of two types by four suffixes. */
const clients = 2048;
const denials = 8;
/** Milliseconds from a denial to the answer without suffix at most. */
const patience = 10_000;
const service = Buffer.from('\u0003svc');

export class Wasted {
  private readonly owners = new Int32Array(clients);
  /** The numbers of events in the ring; 0: none. */
  private readonly numbers = new Float64Array(clients * denials);
  private readonly next = new Uint8Array(clients);

  /** Takes note of an event, and says what it shows to have been for nothing. */
  note(ring: Ring, record: RecordReader, { number, client }: { readonly number: number; readonly client: number }): Waste | undefined {
    const place = client & (clients - 1);
    const isKnown = this.owners[place] === client;
    if (record.rcode === ResponseCode.NXDOMAIN) {
      if (!isKnown) this.forget(place);
      this.owners[place] = client;
      const at = this.next[place] as number;
      this.numbers[place * denials + at] = number;
      this.next[place] = (at + 1) % denials;
      return undefined;
    }
    if (!isKnown || record.rcode !== ResponseCode.NOERROR || record.nameLength < 2) return undefined;
    return this.find(ring, record, place);
  }

  private find(ring: Ring, record: RecordReader, place: number): Waste | undefined {
    let count = 0;
    let namespace = '';
    const { nameStart, nameLength, time } = record;
    for (let i = place * denials; i < (place + 1) * denials; i++) {
      const number = this.numbers[i] as number;
      if (number < ring.oldest) continue;
      const denied = record.another(ring.startOf(number));
      if (time - denied.time > patience || denied.nameLength <= nameLength) continue;
      if (!beginsAlike(ring, denied.nameStart, nameStart, nameLength - 1)) continue;
      this.numbers[i] = 0;
      count++;
      namespace ||= namespaceAt(ring.bytes, denied.nameStart + nameLength - 1);
    }
    return count === 0 ? undefined : { count, namespace };
  }

  private forget(place: number): void {
    this.numbers.fill(0, place * denials, (place + 1) * denials);
    this.next[place] = 0;
  }
}

function beginsAlike({ bytes }: Area, one: number, other: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    const a = bytes[one + i] as number;
    const b = bytes[other + i] as number;
    if (a !== b && ((a ^ b) !== 0x20 || (a | 0x20) < 0x61 || (a | 0x20) > 0x7a)) return false;
  }
  return true;
}

/** The first label of a suffix whose second one is "svc"; empty for others. */
function namespaceAt(bytes: Buffer, at: number): string {
  const length = bytes[at] as number;
  const next = bytes.subarray(at + 1 + length, at + 1 + length + service.length);
  if (length === 0 || next.toString('latin1').toLowerCase() !== service.toString('latin1')) return '';
  return nameFromWire(Buffer.concat([bytes.subarray(at, at + 1 + length), Buffer.from([0])]), 0, true).slice(0, -1);
}
