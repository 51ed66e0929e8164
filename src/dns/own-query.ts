// Queries that nobody sent: of the server itself.
import type { Client } from './client.ts';
import { headerFlag, knownClass, knownType, Opcode } from './codes.ts';
import { hashName, type Name, nameToWire } from './name.ts';
import { Query } from './query.ts';
import type { Caching } from './query-fields.ts';
import { questionOf } from './wire.ts';

/** What a query of the server itself is made of: health probes, prefetch, loop detection, CNAME chasing. */
export interface OwnQuery {
  readonly name: Name;
  readonly type: string;
  readonly class?: string;
  readonly recursionDesired?: boolean;
  /** Makes a NOTIFY (RFC 1996) instead of a query: it says AA, and desires no recursion. */
  readonly notify?: boolean;
  readonly client: Client;
  readonly receivedAt: number;
  readonly caching?: Caching;
}

/** Who asks where the server asks itself: over TCP, so that replies may be of any size. */
export const ownClient: Client = { address: '127.0.0.1', port: 0, family: 4, transport: 'tcp', localAddress: '127.0.0.1', localPort: 0 };

function flagsOf({ notify = false, recursionDesired = true }: OwnQuery): number {
  // RFC 1996 section 3.6.
  if (notify) return (Opcode.NOTIFY << 11) | headerFlag.authoritative;
  return recursionDesired ? headerFlag.recursionDesired : 0;
}

/** Makes a query that nobody sent. Throws an Error at a type or class that is none. */
export function makeQuery(own: OwnQuery): Query {
  const name = nameToWire(own.name);
  const type = knownType(own.type);
  const klass = knownClass(own.class ?? 'IN');
  return new Query({
    wire: questionOf(name, type, klass),
    start: 0,
    owned: true,
    nameLength: name.length,
    nameHash: hashName(name, 0, name.length),
    typeCode: type,
    classCode: klass,
    flags: flagsOf(own),
    edns: false,
    advertisedSize: 512,
    ednsVersion: 0,
    dnssecOk: false,
    optionsStart: 0,
    optionsEnd: 0,
    client: own.client,
    receivedAt: own.receivedAt,
    own: true,
    caching: own.caching ?? 'usual',
  });
}
