// Queries that nobody sent: of the server itself.
import type { Client } from './client.ts';
import { classCode, flag, QueryClass, QueryType, typeCode } from './codes.ts';
import { hashName, type Name, nameToWire } from './name.ts';
import { Query } from './query.ts';
import { headerLength, writeUint16 } from './wire.ts';

/** What a query of the server itself is made of: health probes, prefetch, loop detection, CNAME chasing. */
export interface OwnQuery {
  readonly name: Name;
  readonly type: string;
  readonly class?: string;
  readonly recursionDesired?: boolean;
  readonly client: Client;
  readonly receivedAt: number;
}

/** Makes a query that nobody sent. */
export function makeQuery(own: OwnQuery): Query {
  const name = nameToWire(own.name);
  const wire = Buffer.alloc(headerLength + name.length + 4);
  const type = typeCode(own.type) ?? QueryType.A;
  const klass = classCode(own.class ?? 'IN') ?? QueryClass.IN;
  wire.set(name, headerLength);
  writeUint16(wire, headerLength + name.length, type);
  writeUint16(wire, headerLength + name.length + 2, klass);
  const query = new Query({
    wire,
    start: 0,
    owned: true,
    nameLength: name.length,
    nameHash: hashName(name, 0, name.length),
    typeCode: type,
    classCode: klass,
    flags: (own.recursionDesired ?? true) ? flag.recursionDesired : 0,
    edns: false,
    advertisedSize: 512,
    ednsVersion: 0,
    dnssecOk: false,
    optionsStart: 0,
    optionsEnd: 0,
    client: own.client,
    receivedAt: own.receivedAt,
  });
  query.own = true;
  return query;
}
