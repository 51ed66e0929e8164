// Resource records for tests: one line of text (`www.example.org 300 IN A 192.0.2.1`) to wire and back.
import { classNumber, classText, isClass, MessageError, readName, typeNumber, typeText, wireName } from './names.ts';

/** A record as read from a message: `data` is presentation text, `\# LENGTH HEX` (RFC 3597) where the type is not known here. */
export interface TestRecord {
  readonly name: string;
  readonly type: string;
  readonly class: string;
  readonly ttl: number;
  readonly data: string;
}

/** One line of text for a record, as in a zone file. */
export const recordText = (record: TestRecord): string => `${record.name} ${record.ttl} ${record.class} ${record.type} ${record.data}`;

/** Layout of the RDATA by type: n = name, 1/2/4 = integer of that many bytes, s = character string, S = strings to the end, a/6 = address, x = rest as hex. */
const LAYOUTS = new Map(
  (
    'A=a AAAA=6 NS=n CNAME=n PTR=n DNAME=n MX=2n SRV=222n TXT=S SPF=S HINFO=ss SOA=nn44444 NAPTR=22sssn ' +
    'RP=nn AFSDB=2n DS=211x DNSKEY=211x SSHFP=11x TLSA=111x'
  )
    .split(' ')
    .map((entry) => entry.split('=') as [string, string]),
);

/** Splits a line into words; a quoted word keeps its blanks and its quotes. */
function words(line: string): string[] {
  return line.match(/"(?:\\.|[^"\\])*"|[^\s]+/g) ?? [];
}

/** The wire form of one line of text: `NAME TTL [CLASS] TYPE DATA`, or `NAME TTL TYPE \# LENGTH HEX` for any type. Never compressed. */
export function wireRecord(line: string): Buffer {
  const [name = '.', ttl = '0', ...rest] = words(line);
  const recordClass = isClass(rest[0] ?? '') ? (rest.shift() ?? 'IN') : 'IN';
  const type = rest.shift() ?? '';
  const data = rest[0] === '\\#' ? Buffer.from(rest.slice(2).join(''), 'hex') : wireData(type, rest);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeNumber(type), 0);
  fixed.writeUInt16BE(classNumber(recordClass), 2);
  fixed.writeUInt32BE(Number(ttl), 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([wireName(name), fixed, data]);
}

function wireData(type: string, rest: string[]): Buffer {
  const layout = LAYOUTS.get(type);
  if (layout === undefined) throw new MessageError(`write type ${type} as "\\# LENGTH HEX"`);
  const values = [...rest];
  const parts: Buffer[] = [];
  for (const kind of layout) {
    if (kind === 'S') parts.push(...values.splice(0).map(wireString));
    else if (kind === 'x') parts.push(Buffer.from(values.splice(0).join(''), 'hex'));
    else parts.push(wireField(kind, values.shift() ?? ''));
  }
  return Buffer.concat(parts);
}

function wireField(kind: string, value: string): Buffer {
  if (kind === 'n') return wireName(value);
  if (kind === 's') return wireString(value);
  if (kind === 'a') return Buffer.from(value.split('.').map(Number));
  if (kind === '6') return wireAddress6(value);
  const size = Number(kind);
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(Number(value), 0, size);
  return bytes;
}

function wireString(value: string): Buffer {
  const text = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function wireAddress6(value: string): Buffer {
  const [head = '', tail] = value.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...left, ...zeros, ...right].entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  return bytes;
}

/** Reads the record at `offset`; `end` is the offset after it. */
export function readRecord(message: Buffer, offset: number): { record: TestRecord; end: number; compressed: boolean; dataStart: number } {
  const owner = readName(message, offset);
  const fixed = owner.end;
  if (fixed + 10 > message.length) throw new MessageError(`record at ${offset} runs past the end`);
  const type = typeText(message.readUInt16BE(fixed));
  const dataStart = fixed + 10;
  const end = dataStart + message.readUInt16BE(fixed + 8);
  if (end > message.length) throw new MessageError(`record data at ${dataStart} runs past the end`);
  const data = readData({ message, type, start: dataStart, end });
  return {
    record: { name: owner.name, type, class: classText(message.readUInt16BE(fixed + 2)), ttl: message.readUInt32BE(fixed + 4), data: data.text },
    end,
    compressed: owner.compressed || data.compressed,
    dataStart,
  };
}

interface DataPlace {
  readonly message: Buffer;
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function readData({ message, type, start, end }: DataPlace): { text: string; compressed: boolean } {
  const raw = message.subarray(start, end);
  const generic = { text: `\\# ${raw.length} ${raw.toString('hex')}`.trim(), compressed: false };
  const layout = LAYOUTS.get(type);
  if (layout === undefined || raw.length === 0) return generic;
  const fields: string[] = [];
  let at = start;
  let compressed = false;
  for (const kind of layout) {
    if (kind === 'x') {
      fields.push(message.subarray(at, end).toString('hex'));
      at = end;
    } else if (kind === 'S') {
      while (at < end) at = readField({ message, kind: 's', at, fields }).end;
    } else {
      const field = readField({ message, kind, at, fields });
      compressed ||= field.compressed;
      at = field.end;
    }
    if (at > end) return generic;
  }
  return at === end ? { text: fields.join(' '), compressed } : generic;
}

interface FieldPlace {
  readonly message: Buffer;
  readonly kind: string;
  readonly at: number;
  readonly fields: string[];
}

function readField({ message, kind, at, fields }: FieldPlace): { end: number; compressed: boolean } {
  const plain = (text: string, size: number): { end: number; compressed: boolean } => {
    fields.push(text);
    return { end: at + size, compressed: false };
  };
  if (kind === 'n') {
    const { name, end, compressed } = readName(message, at);
    fields.push(name);
    return { end, compressed };
  }
  if (kind === 's') {
    const length = message.readUInt8(at);
    return plain(JSON.stringify(message.toString('latin1', at + 1, at + 1 + length)), 1 + length);
  }
  if (kind === 'a') return plain([...message.subarray(at, at + 4)].join('.'), 4);
  if (kind === '6') return plain(address6Text(message.subarray(at, at + 16)), 16);
  return plain(String(message.readUIntBE(at, Number(kind))), Number(kind));
}

function address6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    const next = groups.findIndex((group, index) => index >= start && group !== 0);
    const length = (next === -1 ? 8 : next) - start;
    if (length > best.length) best = { start, length };
  }
  const text = groups.map((group) => group.toString(16));
  if (best.length < 2) return text.join(':');
  return `${text.slice(0, best.start).join(':')}::${text.slice(best.start + best.length).join(':')}`;
}
