// Makes records of what was found.
import { type ResourceRecord, record } from 'ferrydns/plugin';
import { addressRdata, addressText } from '../cluster/addresses.ts';
import { noPort, type PackedAddress } from '../cluster/objects.ts';
import type { Found } from './finder.ts';

/** Seconds that a denial and the SOA record of a zone may be kept at most, as CoreDNS has it. */
const longestDenial = 300;

export type Family = 'A' | 'AAAA';

export function addressRecord(name: string, address: PackedAddress, ttl: number): ResourceRecord {
  return record({ name, type: address.length === 4 ? 'A' : 'AAAA', ttl, data: addressRdata(address) });
}

/** The addresses of one family, each once. */
export function addressRecords(
  name: string,
  found: readonly Pick<Found, 'address'>[],
  { family, ttl }: { readonly family: Family; readonly ttl: number },
) {
  const length = family === 'A' ? 4 : 16;
  const addresses = new Set(found.map(({ address }) => address).filter((address) => address.length === length));
  return [...addresses].map((address) => addressRecord(name, address, ttl));
}

export interface ServiceRecords {
  readonly answers: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

interface ServiceOptions {
  readonly zone: string;
  /** Seconds. */
  readonly ttl: number;
  /** Seconds of the addresses of targets, where they are others. */
  readonly glueTtl?: number;
  /** How many share the load, where there are others beside those found. */
  readonly count?: number;
}

/** SRV records (RFC 2782) and the addresses of their targets. A target whose name would be too long is left out. */
export function serviceRecords(
  name: string,
  found: readonly Found[],
  { zone, ttl, glueTtl = ttl, count = found.length }: ServiceOptions,
): ServiceRecords {
  const answers = new Map<string, ResourceRecord>();
  const additionals = new Map<string, ResourceRecord>();
  const weight = weightOf(count);
  for (const { address, port, owner } of found) {
    const target = below(owner, zone);
    if (port === noPort || target.length > longestName) continue;
    const service = `${port} ${target}`;
    const glue = `${target} ${addressText(address)}`;
    if (!answers.has(service)) answers.set(service, record({ name, type: 'SRV', ttl, data: { priority: 0, weight, port, target } }));
    if (!additionals.has(glue)) additionals.set(glue, addressRecord(target, address, glueTtl));
  }
  return { answers: [...answers.values()], additionals: [...additionals.values()] };
}

/** PTR records. A target whose name would be too long is left out. */
export function pointerRecords(name: string, targets: readonly string[], ttl: number): readonly ResourceRecord[] {
  const fitting = targets.filter(({ length }) => length <= longestName);
  return [...new Set(fitting)].map((data) => record({ name, type: 'PTR', ttl, data }));
}

/** Characters of an absolute name in presentation form, where each stands for one octet. */
const longestName = 254;

/** The share of each of so many records, in percent and rounded down as CoreDNS does; every record has one. */
export function weightOf(count: number): number {
  return Math.max(1, Math.floor((100 / (100 * count)) * 100));
}

/** The SOA record of a zone; its owner is the zone as it was asked for. `apex` is the label above its name servers, if any. */
export function startOfAuthority(zone: string, { serial, ttl, mname, rname }: Authority): ResourceRecord {
  const times = { serial, refresh: 7200, retry: 1800, expire: 86_400, minimum: ttl };
  return record({
    name: zone,
    type: 'SOA',
    ttl: Math.min(ttl, longestDenial),
    data: { mname: below(mname, zone), rname: below(rname, zone), ...times },
  });
}

export interface Authority {
  readonly serial: number;
  /** Seconds. */
  readonly ttl: number;
  /** Labels in front of the zone. */
  readonly mname: string;
  readonly rname: string;
}

/** A name of these labels in front of a zone. */
export function below(labels: string, zone: string): string {
  return zone === '.' ? `${labels}.` : `${labels}.${zone}`;
}
