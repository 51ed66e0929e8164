// DNS messages for tests, written from the RFCs and independent of the program under test, so that a fault there cannot hide here.
// readMessage(bytes) → Message, writeMessage(parts) → bytes, queryMessage('www.example.org A +do') → bytes.
import { classNumber, classText, isClass, isType, MessageError, rcodeNumber, rcodeText, readName, typeNumber, typeText, wireName } from './names.ts';
import { readRecord, type TestRecord, wireRecord } from './records.ts';

export { MessageError } from './names.ts';
export { recordText, type TestRecord } from './records.ts';

/** An EDNS option; `data` is hex. */
interface TestOption {
  readonly code: number;
  readonly data: string;
}
/** The OPT record (RFC 6891); `size` is the UDP payload size, `rcode` the upper eight bits of the extended rcode. */
export interface TestOpt {
  readonly size: number;
  readonly version: number;
  readonly do: boolean;
  readonly rcode: number;
  readonly options: readonly TestOption[];
}
export interface TestQuestion {
  readonly name: string;
  readonly type: string;
  readonly class: string;
}
/** A message as read from the wire: letter case kept, names uncompressed, OPT taken out of `additional`. */
export interface Message {
  readonly id: number;
  readonly opcode: number;
  /** The set flags out of `qr aa tc rd ra z ad cd`, in this order. */
  readonly flags: readonly string[];
  /** The rcode with the upper bits of OPT, as `NXDOMAIN`, `BADVERS` or `RCODE11`. */
  readonly rcode: string;
  readonly questions: readonly TestQuestion[];
  readonly answer: readonly TestRecord[];
  readonly authority: readonly TestRecord[];
  readonly additional: readonly TestRecord[];
  readonly opt: TestOpt | undefined;
  /** Number of OPT records; more than one is an error of the sender. */
  readonly opts: number;
  readonly compressed: boolean;
  readonly length: number;
  /** Bytes after the last record. */
  readonly trailing: number;
}

const FLAGS: readonly (readonly [string, number])[] = [
  ['qr', 0x8000],
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['z', 0x0040],
  ['ad', 0x0020],
  ['cd', 0x0010],
];

/** Reads a whole message; throws MessageError where it is malformed. */
export function readMessage(bytes: Buffer): Message {
  if (bytes.length < 12) throw new MessageError(`message of ${bytes.length} bytes, a header has 12`);
  const bits = bytes.readUInt16BE(2);
  let at = 12;
  let compressed = false;
  const questions: TestQuestion[] = [];
  for (let n = bytes.readUInt16BE(4); n > 0; n--) {
    const { name, end } = readName(bytes, at);
    if (end + 4 > bytes.length) throw new MessageError('question runs past the end');
    questions.push({ name, type: typeText(bytes.readUInt16BE(end)), class: classText(bytes.readUInt16BE(end + 2)) });
    at = end + 4;
  }
  const opts: TestOpt[] = [];
  const section = (count: number): TestRecord[] => {
    const records: TestRecord[] = [];
    for (let n = count; n > 0; n--) {
      const read = readRecord(bytes, at);
      compressed ||= read.compressed;
      if (read.record.type === 'OPT') opts.push(readOpt(bytes, read));
      else records.push(read.record);
      at = read.end;
    }
    return records;
  };
  const answer = section(bytes.readUInt16BE(6));
  const authority = section(bytes.readUInt16BE(8));
  const additional = section(bytes.readUInt16BE(10));
  return {
    id: bytes.readUInt16BE(0),
    opcode: (bits >> 11) & 0xf,
    flags: FLAGS.filter(([, bit]) => (bits & bit) !== 0).map(([flag]) => flag),
    rcode: rcodeText((bits & 0xf) | ((opts[0]?.rcode ?? 0) << 4)),
    questions,
    answer,
    authority,
    additional,
    opt: opts[0],
    opts: opts.length,
    compressed,
    length: bytes.length,
    trailing: bytes.length - at,
  };
}

function readOpt(bytes: Buffer, place: { readonly dataStart: number; readonly end: number }): TestOpt {
  const fixed = place.dataStart - 10;
  const options: TestOption[] = [];
  for (let at = place.dataStart; at < place.end; ) {
    const length = bytes.readUInt16BE(at + 2);
    if (at + 4 + length > place.end) throw new MessageError('EDNS option runs past the end');
    options.push({ code: bytes.readUInt16BE(at), data: bytes.toString('hex', at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return {
    size: bytes.readUInt16BE(fixed + 2),
    rcode: bytes.readUInt8(fixed + 4),
    version: bytes.readUInt8(fixed + 5),
    do: (bytes.readUInt16BE(fixed + 6) & 0x8000) !== 0,
    options,
  };
}

/** What a message is built from; everything may be left out. Records are lines of text (see records.ts). */
export interface MessageParts {
  readonly id?: number;
  readonly opcode?: number;
  readonly flags?: readonly string[];
  readonly rcode?: string;
  readonly questions?: readonly TestQuestion[];
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  readonly opt?: Partial<TestOpt> | undefined;
}

/** Builds a message without compression. The extended rcode goes into OPT, which must then be given. */
export function writeMessage(parts: MessageParts): Buffer {
  const { questions = [], answer = [], authority = [], additional = [] } = parts;
  const rcode = rcodeNumber(parts.rcode ?? 'NOERROR');
  let bits = ((parts.opcode ?? 0) << 11) | (rcode & 0xf);
  for (const [flag, bit] of FLAGS) if (parts.flags?.includes(flag) === true) bits |= bit;
  const header = Buffer.alloc(12);
  const counts = [questions.length, answer.length, authority.length, additional.length + (parts.opt === undefined ? 0 : 1)];
  for (const [index, value] of [parts.id ?? 0, bits, ...counts].entries()) header.writeUInt16BE(value, index * 2);
  const body = [...answer, ...authority, ...additional].map(wireRecord);
  if (parts.opt !== undefined) body.push(wireOpt({ rcode: rcode >> 4, ...parts.opt }));
  return Buffer.concat([header, ...questions.map(wireQuestion), ...body]);
}

function wireQuestion(question: TestQuestion): Buffer {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt16BE(typeNumber(question.type), 0);
  fixed.writeUInt16BE(classNumber(question.class), 2);
  return Buffer.concat([wireName(question.name), fixed]);
}

function wireOpt(opt: Partial<TestOpt>): Buffer {
  const options = (opt.options ?? []).map(({ code, data }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(code, 0);
    head.writeUInt16BE(data.length / 2, 2);
    return Buffer.concat([head, Buffer.from(data, 'hex')]);
  });
  const data = Buffer.concat(options);
  const fixed = Buffer.alloc(11);
  fixed.writeUInt16BE(41, 1);
  fixed.writeUInt16BE(opt.size ?? 1232, 3);
  fixed.writeUInt8(opt.rcode ?? 0, 5);
  fixed.writeUInt8(opt.version ?? 0, 6);
  fixed.writeUInt16BE(opt.do === true ? 0x8000 : 0, 7);
  fixed.writeUInt16BE(data.length, 9);
  return Buffer.concat([fixed, data]);
}

/** A query in words, as with dig: `NAME [CLASS] [TYPE] [+WORD…]`. See {@link parseAsk} for the words. */
export interface Ask {
  readonly transport: 'udp' | 'tcp';
  readonly parts: MessageParts;
}

/**
 * Reads `www.example.org A +tcp +do +size=4096`. Class IN and type A are the defaults; recursion is desired.
 * Words: `+tcp +nord +cd +ad +aa +z +edns +do +size=N +version=N +option=CODE:HEX +opcode=N +id=N`.
 * `+do`, `+size`, `+version` and `+option` bring an OPT record along (size 1232 unless given).
 */
export function parseAsk(text: string): Ask {
  const [name = '.', ...rest] = text.split(/\s+/);
  const draft: Draft = {
    transport: 'udp',
    flags: new Set(['rd']),
    options: [],
    numbers: {},
    question: { name, class: 'IN', type: 'A' },
    opt: undefined,
  };
  for (const word of rest) {
    if (isClass(word)) draft.question = { ...draft.question, class: word };
    else if (isType(word)) draft.question = { ...draft.question, type: word };
    else if (!readWord(draft, word)) throw new MessageError(`query "${text}": "${word}" is neither type, class nor a known +word`);
  }
  const { flags, numbers, question, options } = draft;
  const opt = options.length > 0 ? { ...draft.opt, options } : draft.opt;
  return {
    transport: draft.transport,
    parts: { id: Math.floor(Math.random() * 0x10000), ...numbers, flags: [...flags], questions: [question], opt },
  };
}

interface Draft {
  transport: Ask['transport'];
  readonly flags: Set<string>;
  readonly options: TestOption[];
  numbers: { opcode?: number; id?: number };
  question: TestQuestion;
  opt: Partial<TestOpt> | undefined;
}

function readWord(draft: Draft, word: string): boolean {
  const [key = '', value = ''] = word.split('=');
  if (key === '+tcp') draft.transport = 'tcp';
  else if (key === '+nord') draft.flags.delete('rd');
  else if (/^\+(cd|ad|aa|z|tc|ra|qr)$/.test(key)) draft.flags.add(key.slice(1));
  else if (key === '+edns') draft.opt = { ...draft.opt };
  else if (key === '+do') draft.opt = { ...draft.opt, do: true };
  else if (key === '+size' || key === '+version') draft.opt = { ...draft.opt, [key.slice(1)]: Number(value) };
  else if (key === '+option') draft.options.push({ code: Number(value.split(':')[0]), data: value.split(':')[1] ?? '' });
  else if (key === '+opcode' || key === '+id') draft.numbers = { ...draft.numbers, [key.slice(1)]: Number(value) };
  else return false;
  return true;
}

/** The bytes of a query given in words (see {@link parseAsk}). */
export const queryMessage = (text: string): Buffer => writeMessage(parseAsk(text).parts);
