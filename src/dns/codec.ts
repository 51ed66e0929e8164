// RDATA between bytes and values. The only importer of dns-packet, for types without names: it splits names at every dot and reads labels as UTF-8.
import packet from 'dns-packet';
import { ipv6Groups, ipv6Text } from './address.ts';
import { typeCode, typeName } from './codes.ts';
import * as kind from './data-kinds.ts';
import { checked, checkedFields, type Expectation } from './field-check.ts';
import { nameFromWire, nameToWire } from './name.ts';
import { checkRdata } from './rdata.ts';
import { FormatError, readUint16, writeUint16 } from './wire.ts';

interface Codec {
  decode(rdata: Uint8Array): unknown;
  encode(data: unknown): Uint8Array;
}

/** Octets of RDATA at most: its length has 16 bits. */
const maxRdata = 0xffff;

/**
 * The value of uncompressed RDATA: a string for addresses and names, an object for types with several fields, else the bytes. They also stand for RDATA
 * that is no value of its type, as another server may send it: a text that is longer than its record.
 */
export function decodeRdata(type: number, rdata: Uint8Array): unknown {
  try {
    return codecFor(type).decode(rdata);
  } catch {
    return rdata;
  }
}

/**
 * The uncompressed RDATA of a value as {@link decodeRdata} returns it, or of RDATA itself. Throws an Error that names the type and the field, what was
 * found and what was expected.
 */
export function encodeRdata(type: number, data: unknown): Uint8Array {
  try {
    const rdata = data instanceof Uint8Array && type !== TXT ? data : codecFor(type).encode(data);
    if (rdata.length > maxRdata) throw new Error(`found ${rdata.length} octets, expected at most ${maxRdata}`);
    if (rdata === data) checkRdata(type, rdata);
    return rdata;
  } catch (cause) {
    throw new Error(`data of a ${typeName(type)} record: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

const TXT = 16;

const nameCodec: Codec = {
  decode: (rdata) => nameFromWire(rdata, 0),
  encode: (data) => nameToWire(checked(data, kind.name)),
};

/** Types without a codec. */
const rawCodec: Codec = { decode: (rdata) => rdata, encode: (data) => checked(data, kind.bytes) };

const aaaaCodec: Codec = {
  decode: (rdata) => ipv6Text(Array.from({ length: 8 }, (_, i) => readUint16(rdata, i * 2))),
  encode(data) {
    const rdata = Buffer.alloc(16);
    for (const [i, group] of ipv6Groups(checked(data, kind.ipv6)).entries()) writeUint16(rdata, i * 2, group);
    return rdata;
  },
};

const caaFields: Readonly<Record<string, Expectation>> = { flags: kind.uint8, tag: kind.tag, value: kind.text, issuerCritical: kind.yesOrNo };

const codecs = new Map<number | undefined, Codec>([
  [typeCode('A'), packetCodec('A', (data) => checked(data, kind.ipv4))],
  [typeCode('AAAA'), aaaaCodec],
  [typeCode('TXT'), packetCodec('TXT', (data) => [checked(data, kind.strings)].flat().map((each) => Buffer.from(each as string)))],
  ...['NS', 'CNAME', 'PTR', 'DNAME'].map((type) => [typeCode(type), nameCodec] as const),
  [typeCode('CAA'), packetCodec('CAA', (data) => withCritical(checkedFields(data, caaFields)))],
  ...fieldCodecs({
    SOA: {
      mname: kind.name,
      rname: kind.name,
      serial: kind.uint32,
      refresh: kind.uint32,
      retry: kind.uint32,
      expire: kind.uint32,
      minimum: kind.uint32,
    },
    MX: { preference: kind.uint16, exchange: kind.name },
    HINFO: { cpu: kind.string, os: kind.string },
    RP: { mbox: kind.name, txt: kind.name },
    SRV: { priority: kind.uint16, weight: kind.uint16, port: kind.uint16, target: kind.name },
    NAPTR: {
      order: kind.uint16,
      preference: kind.uint16,
      flags: kind.string,
      services: kind.string,
      regexp: kind.string,
      replacement: kind.name,
    },
    DS: { keyTag: kind.uint16, algorithm: kind.uint8, digestType: kind.uint8, digest: kind.bytes },
    DNSKEY: { flags: kind.uint16, protocol: { ...kind.uint8, usual: 3 }, algorithm: kind.uint8, key: kind.bytes },
    SSHFP: { algorithm: kind.uint8, hash: kind.uint8, fingerprint: kind.hex },
    NSEC3: {
      algorithm: kind.uint8,
      flags: kind.uint8,
      iterations: kind.uint16,
      salt: kind.countedBytes,
      nextDomain: kind.countedBytes,
      rrtypes: kind.types,
    },
    TLSA: { usage: kind.uint8, selector: kind.uint8, matchingType: kind.uint8, certificate: kind.bytes },
    SVCB: { priority: kind.uint16, target: kind.name, params: kind.params },
    HTTPS: { priority: kind.uint16, target: kind.name, params: kind.params },
  }),
]);

function codecFor(type: number): Codec {
  return codecs.get(type) ?? rawCodec;
}

/** Types whose data are an object, its fields one behind the other. Numbers that are left out are 0. */
function fieldCodecs(types: Readonly<Record<string, Readonly<Record<string, kind.Kind>>>>): [number | undefined, Codec][] {
  return Object.entries(types).map(([type, fields]) => [typeCode(type), fieldCodec(Object.entries(fields), fields)]);
}

function fieldCodec(inOrder: readonly [string, kind.Kind][], fields: Readonly<Record<string, kind.Kind>>): Codec {
  return {
    decode(rdata) {
      const data: Record<string, unknown> = {};
      let at = 0;
      for (const [key, field] of inOrder) {
        [data[key], at] = field.read(rdata, at);
        if (!(at <= rdata.length)) throw new FormatError('RDATA is cut short');
      }
      return data;
    },
    encode(data) {
      const given = checkedFields(data, fields);
      return Buffer.concat(inOrder.map(([key, field]) => field.write(given[key] as never)));
    },
  };
}

/** At `issuerCritical` dns-packet would forget the other flags. */
function withCritical({ issuerCritical, flags, ...others }: Record<string, unknown>): unknown {
  return { ...others, flags: issuerCritical === true ? (flags as number) | 0x80 : flags };
}

/** dns-packet's codec of one type, freed of the length octets that it puts in front. It believes what it is given, so `check` sees it first. */
function packetCodec(type: string, check: (data: unknown) => unknown): Codec {
  interface RecordCodec {
    encode(data: unknown, buffer?: Buffer | null, offset?: number): Buffer;
    decode(buffer: Buffer, offset: number): unknown;
  }
  // dns-packet exports `record`; its published types leave it out.
  const codec = (packet as unknown as { record(type: string): RecordCodec }).record(type);
  return {
    decode(rdata) {
      checkRdata(typeCode(type) as number, rdata);
      const framed = Buffer.allocUnsafe(rdata.length + 2);
      framed.writeUInt16BE(rdata.length);
      framed.set(rdata, 2);
      return codec.decode(framed, 0);
    },
    encode: (data) => Buffer.from(codec.encode(check(data)).subarray(2)),
  };
}
