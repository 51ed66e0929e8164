// A resource record: owner, type, class, TTL and RDATA without compression. Its data is decoded when somebody looks.
import { decodeRdata, encodeRdata } from './codec.ts';
import { classCode, className, QueryClass, typeCode, typeName } from './codes.ts';

/** Seconds a TTL may be at most; a larger value on the wire counts as 0 (RFC 2181 section 8). */
export const maxTtl = 0x7fffffff;

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

  /** A string for addresses and names, an object for types with several fields, bytes for types without a codec. */
  get data(): unknown {
    this.decoded ??= decodeRdata(this.typeCode, this.rdata);
    return this.decoded;
  }

  with(change: { name?: string; ttl?: number; rdata?: Uint8Array }): ResourceRecord {
    return new ResourceRecord({
      name: change.name ?? this.name,
      typeCode: this.typeCode,
      classCode: this.classCode,
      ttl: change.ttl ?? this.ttl,
      rdata: change.rdata ?? this.rdata,
    });
  }
}

/** What {@link record} makes a record of. `class` is IN and `ttl` 3600 seconds unless given. */
export interface RecordFields {
  readonly name: string;
  readonly type: string;
  readonly class?: string;
  readonly ttl?: number;
  readonly data: unknown;
}

/** Makes a record of values. Throws an Error that names the type when the data does not fit it. */
export function record(fields: RecordFields): ResourceRecord {
  const type = typeCode(fields.type);
  const klass = fields.class === undefined ? QueryClass.IN : classCode(fields.class);
  if (type === undefined) throw new Error(`unknown record type ${fields.type}`);
  if (klass === undefined) throw new Error(`unknown class ${fields.class}`);
  return new ResourceRecord({
    name: fields.name,
    typeCode: type,
    classCode: klass,
    ttl: fields.ttl ?? 3600,
    rdata: encodeRdata(type, fields.data),
  });
}

/** The records, those that live longer than this with this TTL, in seconds. */
export function shortened(records: readonly ResourceRecord[], ttl: number): readonly ResourceRecord[] {
  return records.map((each) => (each.ttl > ttl ? each.with({ ttl }) : each));
}

/** The records without those that say the same as another one of them, whatever its TTL; the last of them stays. */
export function withoutRepeats(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return [...new Map(records.map((each) => [`${each.name} ${each.typeCode} ${Buffer.from(each.rdata).toString('hex')}`, each])).values()];
}
