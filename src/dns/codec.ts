// RDATA between bytes and values. The only importer of dns-packet; the types with names in them and SVCB are our own,
// because dns-packet splits names at every dot and reads labels as UTF-8.
import packet from 'dns-packet';
import { ipv6Text } from './address.ts';
import { typeCode, typeName } from './codes.ts';
import { nameFromWire, nameToWire } from './name.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './wire.ts';

interface Codec {
  decode(rdata: Uint8Array): unknown;
  encode(data: unknown): Uint8Array;
}

/** The value of uncompressed RDATA: a string for addresses and names, an object for types with several fields, else the bytes. */
export function decodeRdata(type: number, rdata: Uint8Array): unknown {
  return codecFor(type).decode(rdata);
}

/** The uncompressed RDATA of a value as {@link decodeRdata} returns it. Throws an Error that says what the type expects. */
export function encodeRdata(type: number, data: unknown): Uint8Array {
  if (data instanceof Uint8Array && type !== TXT) return data;
  try {
    return codecFor(type).encode(data);
  } catch (cause) {
    throw new Error(`data of a ${typeName(type)} record: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const TXT = 16;

const nameCodec: Codec = {
  decode: (rdata) => nameFromWire(rdata, 0),
  encode: (data) => nameToWire(text(data, 'a name')),
};

/** Fields in front of one name: the data is an object of numbers and the name. */
function prefixedName(numbers: readonly string[], nameField: string): Codec {
  return {
    decode(rdata) {
      const data: Record<string, unknown> = {};
      for (const [i, field] of numbers.entries()) data[field] = readUint16(rdata, i * 2);
      data[nameField] = nameFromWire(rdata, numbers.length * 2);
      return data;
    },
    encode(data) {
      const fields = object(data);
      const head = Buffer.alloc(numbers.length * 2);
      for (const [i, field] of numbers.entries()) head.writeUInt16BE(Number(fields[field] ?? 0), i * 2);
      return Buffer.concat([head, nameToWire(text(fields[nameField], `a name as ${nameField}`))]);
    },
  };
}

const soaNumbers = ['serial', 'refresh', 'retry', 'expire', 'minimum'] as const;
const soaCodec: Codec = {
  decode(rdata) {
    const rnameAt = nameLength(rdata, 0);
    const numbersAt = rnameAt + nameLength(rdata, rnameAt);
    const data: Record<string, unknown> = { mname: nameFromWire(rdata, 0), rname: nameFromWire(rdata, rnameAt) };
    for (const [i, field] of soaNumbers.entries()) data[field] = readUint32(rdata, numbersAt + i * 4);
    return data;
  },
  encode(data) {
    const fields = object(data);
    const numbers = Buffer.alloc(20);
    for (const [i, field] of soaNumbers.entries()) writeUint32(numbers, i * 4, Number(fields[field] ?? 0));
    return Buffer.concat([nameToWire(text(fields['mname'], 'a name as mname')), nameToWire(text(fields['rname'], 'a name as rname')), numbers]);
  },
};

/** SVCB and HTTPS (RFC 9460 section 2.2): priority, target and the parameters by their numbers, each as bytes. */
const svcbCodec: Codec = {
  decode(rdata) {
    const params: Record<number, Uint8Array> = {};
    for (let at = 2 + nameLength(rdata, 2); at + 4 <= rdata.length; at += 4 + readUint16(rdata, at + 2)) {
      params[readUint16(rdata, at)] = rdata.subarray(at + 4, at + 4 + readUint16(rdata, at + 2));
    }
    return { priority: readUint16(rdata, 0), target: nameFromWire(rdata, 2), params };
  },
  encode(data) {
    const fields = object(data);
    const head = Buffer.alloc(2);
    head.writeUInt16BE(Number(fields['priority'] ?? 0));
    const parts: Uint8Array[] = [head, nameToWire(text(fields['target'], 'a name as target'))];
    const params = Object.entries(object(fields['params'] ?? {})) as [string, Uint8Array][];
    for (const [key, value] of params.sort(([a], [b]) => Number(a) - Number(b))) {
      const param = Buffer.alloc(4);
      writeUint16(param, 0, Number(key));
      writeUint16(param, 2, value.length);
      parts.push(param, value);
    }
    return Buffer.concat(parts);
  },
};

/** NSEC and RRSIG carry names that dns-packet would fold; types without a codec are kept as bytes. */
const rawCodec: Codec = { decode: (rdata) => rdata, encode: (data) => bytes(data) };

/** dns-packet shortens the first run of zeros, not the longest (RFC 5952 section 4.2.3). */
const aaaaCodec: Codec = {
  decode: (rdata) => ipv6Text(Array.from({ length: 8 }, (_, i) => readUint16(rdata, i * 2))),
  encode: packetCodec('AAAA').encode,
};

const ownCodecs = new Map<number, Codec>([
  [2, nameCodec],
  [5, nameCodec],
  [6, soaCodec],
  [12, nameCodec],
  [28, aaaaCodec],
  [15, prefixedName(['preference'], 'exchange')],
  [33, prefixedName(['priority', 'weight', 'port'], 'target')],
  [39, nameCodec],
  [64, svcbCodec],
  [65, svcbCodec],
]);

/** What dns-packet codes itself and loses nothing of. */
const packetTypes = ['A', 'TXT', 'HINFO', 'CAA', 'DNSKEY', 'DS', 'NAPTR', 'NSEC3', 'RP', 'SSHFP', 'TLSA'];
const packetCodecs = new Map(packetTypes.map((name) => [typeCode(name), packetCodec(name)]));

function codecFor(type: number): Codec {
  return ownCodecs.get(type) ?? packetCodecs.get(type) ?? rawCodec;
}

/** dns-packet's codec of one type, freed of the length octets that it puts in front. */
function packetCodec(type: string): Codec {
  interface RecordCodec {
    encode(data: unknown, buffer?: Buffer | null, offset?: number): Buffer;
    decode(buffer: Buffer, offset: number): unknown;
  }
  // dns-packet exports `record`; its published types leave it out.
  const codec = (packet as unknown as { record(type: string): RecordCodec }).record(type);
  return {
    decode(rdata) {
      const framed = Buffer.allocUnsafe(rdata.length + 2);
      framed.writeUInt16BE(rdata.length);
      framed.set(rdata, 2);
      return codec.decode(framed, 0);
    },
    encode: (data) => Buffer.from(codec.encode(data).subarray(2)),
  };
}

function nameLength(wire: Uint8Array, start: number): number {
  let at = start;
  while (wire[at] !== 0) at += (wire[at] as number) + 1;
  return at - start + 1;
}

function text(value: unknown, expected: string): string {
  if (typeof value !== 'string') throw new Error(`found ${typeof value}, expected ${expected}`);
  return value;
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`found ${typeof value}, expected an object`);
  return value as Record<string, unknown>;
}

function bytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error(`found ${typeof value}, expected bytes`);
  return value;
}
