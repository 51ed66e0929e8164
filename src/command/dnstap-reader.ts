// Queries in a dnstap stream (dnstap.info): frames of Frame Streams that hold protocol buffers, of which few fields are read.
import { type QuestionReader, questionIn } from './captured-question.ts';
import type { FileQuestion } from './question-file.ts';

/** Octets of a frame at most. */
const longest = 1 << 20;
const contentType = 'protobuf:dnstap.Dnstap';
const control = { accept: 1, start: 2, stop: 3, ready: 4, finish: 5 } as const;
const contentField = 1;
/** Numbers of fields: of Dnstap its Message, of Message its kind and the query. */
const field = { message: 14, kind: 1, query: 10 } as const;
/** Kinds of Message that hold a client's query: AUTH_QUERY and CLIENT_QUERY. */
const kinds: ReadonlySet<number> = new Set([1, 5]);

export class DnstapReader implements QuestionReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly answer: (frame: Buffer) => void;

  /** `answer` sends a frame back, where frames come over a connection in both directions. */
  constructor(answer: (frame: Buffer) => void = () => undefined) {
    this.answer = answer;
  }

  push(piece: Buffer): readonly FileQuestion[] {
    this.rest = Buffer.concat([this.rest, piece]);
    const found: FileQuestion[] = [];
    for (let frame = this.next(); frame !== undefined; frame = this.next()) {
      if (frame.isControl) this.obey(frame.bytes);
      else {
        const question = questionOf(frame.bytes);
        if (question !== undefined) found.push(question);
      }
    }
    return found;
  }

  private next(): { readonly isControl: boolean; readonly bytes: Buffer } | undefined {
    if (this.rest.length < 4) return undefined;
    const first = this.rest.readUInt32BE(0);
    const isControl = first === 0;
    const head = isControl ? 8 : 4;
    if (this.rest.length < head) return undefined;
    const length = isControl ? this.rest.readUInt32BE(4) : first;
    if (length > longest) throw new Error(`a frame of ${length} octets, expected ${longest} at most: this is no dnstap stream, or it is damaged`);
    if (this.rest.length < head + length) return undefined;
    const bytes = this.rest.subarray(head, head + length);
    this.rest = this.rest.subarray(head + length);
    return { isControl, bytes };
  }

  private obey(frame: Buffer): void {
    const kind = frame.length < 4 ? 0 : frame.readUInt32BE(0);
    if (kind === control.ready) this.answer(controlFrame(control.accept, true));
    if (kind === control.stop) this.answer(controlFrame(control.finish, false));
    const type = frame.length < 12 ? undefined : frame.subarray(12, 12 + frame.readUInt32BE(8)).toString('latin1');
    if (kind === control.start && type !== undefined && type !== contentType)
      throw new Error(`a stream of ${JSON.stringify(type)}, expected ${contentType}`);
  }
}

function controlFrame(kind: number, withType: boolean): Buffer {
  const type = Buffer.from(withType ? contentType : '');
  const length = withType ? 12 + type.length : 4;
  const frame = Buffer.alloc(8 + length);
  frame.writeUInt32BE(length, 4);
  frame.writeUInt32BE(kind, 8);
  if (!withType) return frame;
  frame.writeUInt32BE(contentField, 12);
  frame.writeUInt32BE(type.length, 16);
  type.copy(frame, 20);
  return frame;
}

function questionOf(frame: Buffer): FileQuestion | undefined {
  const message = fieldsOf(frame).get(field.message);
  if (!(message instanceof Buffer)) return undefined;
  const fields = fieldsOf(message);
  const kind = fields.get(field.kind);
  const query = fields.get(field.query);
  return typeof kind === 'number' && kinds.has(kind) && query instanceof Buffer ? questionIn(query) : undefined;
}

/** The fields of a protocol buffer by their number, of one that is there twice the last; what is damaged ends the reading. */
function fieldsOf(buffer: Buffer): ReadonlyMap<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>();
  let at = 0;
  const varint = (): number => {
    let number = 0;
    for (let factor = 1; at < buffer.length && factor < 2 ** 64; factor *= 128) {
      const octet = buffer[at++] ?? 0;
      number += (octet & 127) * factor;
      if (octet < 128) return number;
    }
    return Number.POSITIVE_INFINITY;
  };
  while (at < buffer.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === 0) fields.set(number, varint());
    else if (kind === 2) {
      const length = varint();
      if (length > buffer.length - at) return fields;
      fields.set(number, buffer.subarray(at, at + length));
      at += length;
    } else if (kind === 1 || kind === 5) at += kind === 1 ? 8 : 4;
    else return fields;
  }
  return fields;
}
