// A resource record: owner, type, class, TTL and RDATA without compression. Its data is decoded when somebody looks.
import { decodeRdata, encodeRdata } from './codec.ts';
import { classCode, className, isDataClass, isDataType, maxTtl, QueryClass, typeCode, typeName } from './codes.ts';
import * as kind from './data-kinds.ts';
import { checked, type Expectation } from './field-check.ts';
import { nameFromWire, nameToWire } from './name.ts';

/** One resource record, never written to; `with` derives. */
export class ResourceRecord {
  /** The owner in presentation form, absolute, in the letter case it came with. */
  readonly name: string;
  readonly typeCode: number;
  readonly classCode: number;
  /** Seconds. */
  readonly ttl: number;
  /** Uncompressed. */
  readonly rdata: Uint8Array;
  private decoded: unknown;

  constructor(fields: { name: string; typeCode: number; classCode: number; ttl: number; rdata: Uint8Array }) {
    this.name = fields.name;
    this.typeCode = fields.typeCode;
    this.classCode = fields.classCode;
    this.ttl = fields.ttl;
    this.rdata = fields.rdata;
    this.decoded = undefined;
  }

  get type(): string {
    return typeName(this.typeCode);
  }

  get class(): string {
    return className(this.classCode);
  }

  /** A string for addresses and names, an object for types with several fields, bytes for other types and for RDATA that is no value of its type. */
  get data(): unknown {
    this.decoded ??= decodeRdata(this.typeCode, this.rdata);
    return this.decoded;
  }

  /** A changed copy. Throws an Error when what is given does not fit, as {@link record} does; RDATA that came from another server may stay as it is. */
  with(change: { name?: string; ttl?: number; rdata?: Uint8Array }): ResourceRecord {
    if (change.rdata !== undefined && change.rdata !== this.rdata) encodeRdata(this.typeCode, change.rdata);
    return new ResourceRecord({
      name: change.name === undefined ? this.name : ownerName(change.name),
      typeCode: this.typeCode,
      classCode: this.classCode,
      ttl: change.ttl === undefined ? this.ttl : checkedTtl(change.ttl),
      rdata: change.rdata ?? this.rdata,
    });
  }
}

/** What {@link record} makes a record of. `class` is IN and `ttl` 3600 seconds unless given. */
export interface RecordFields {
  /** Absolute; a name without a dot at its end is taken for an absolute one. */
  readonly name: string;
  readonly type: string;
  readonly class?: string;
  /** Seconds, 0 to 2147483647. */
  readonly ttl?: number;
  /** As {@link ResourceRecord.data} gives it for the type, or the RDATA as bytes. */
  readonly data: unknown;
}

/**
 * Makes a record of values. Throws an Error that says which of them is wrong, what was found and what was expected: a type or class that records
 * cannot have, a name that is none, a TTL out of range (RFC 2181 section 8), data that does not fit the type.
 */
export function record(fields: RecordFields): ResourceRecord {
  const type = typeCode(String(fields.type));
  const klass = fields.class === undefined ? QueryClass.IN : classCode(String(fields.class));
  if (type === undefined || !isDataType(type)) throw new Error(`unknown record type ${fields.type}, expected a type such as A, or TYPE65280`);
  if (klass === undefined || !isDataClass(klass)) throw new Error(`unknown class ${fields.class}, expected IN, CH, HS or CLASS65280`);
  return new ResourceRecord({
    name: ownerName(fields.name),
    typeCode: type,
    classCode: klass,
    ttl: fields.ttl === undefined ? 3600 : checkedTtl(fields.ttl),
    rdata: encodeRdata(type, fields.data),
  });
}

const ttlRange: Expectation = {
  expected: `whole seconds from 0 to ${maxTtl}`,
  fits: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxTtl,
};

/** The TTL, if it is one. Throws an Error with what was found and what was expected. */
export function checkedTtl(ttl: number): number {
  // Whole, and in range, by one comparison: records are made for every answer.
  return ttl === (ttl & maxTtl) ? ttl : labelled('TTL of a record', () => checked<number>(ttl, ttlRange));
}

/** The owner that was looked at last: the records of an answer mostly have one name. */
let lastOwner = { given: '.', absolute: '.' };

function ownerName(given: string): string {
  if (given !== lastOwner.given) {
    const absolute = labelled('name of a record', () => nameFromWire(nameToWire(checked(given, kind.name)), 0));
    lastOwner = { given, absolute };
  }
  return lastOwner.absolute;
}

function labelled<T>(label: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`${label}: ${(error as Error).message}`, { cause: error });
  }
}

/** The records, those that live longer than this with this TTL, in seconds. */
export function shortened(records: readonly ResourceRecord[], ttl: number): readonly ResourceRecord[] {
  return records.map((each) => (each.ttl > ttl ? each.with({ ttl }) : each));
}
