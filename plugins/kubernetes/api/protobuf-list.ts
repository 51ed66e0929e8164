// Cuts a list that streams in as Protocol Buffers into its items, so that no more than one of them is in memory at a time. The list is one message in an envelope.
import type { RawObject } from '../cluster/trimming.ts';
import { checkMark, envelopeMark } from './envelope.ts';
import { Held } from './held.ts';
import { listMetaMessage } from './messages.ts';
import { type MessageType, readMessage, readPrefix } from './protobuf.ts';
import type { Taker } from './protobuf-events.ts';

/** The numbers of fields: the list in its envelope, and what is in the list. */
const field = { list: 2, metadata: 1, item: 2 } as const;

/** What is in a field. */
interface Content {
  readonly octets: Buffer;
  readonly start: number;
  readonly end: number;
}

export class ProtobufList {
  /** What the list says of itself, when it has said it. */
  metadata: { readonly resourceVersion?: string; readonly continue?: string } = {};
  private readonly type: MessageType;
  private readonly taker: Taker<RawObject>;
  private readonly held = new Held();
  private hasMark = false;
  /** Octets of the list that are still to come; undefined outside of it. */
  private left: number | undefined;
  private hasEnded = false;

  /** `type` is that of the items. */
  constructor(type: MessageType, taker: Taker<RawObject>) {
    this.type = type;
    this.taker = taker;
  }

  /** Whether all of the list came. */
  get isComplete(): boolean {
    return this.hasEnded && this.held.isEmpty;
  }

  /** Throws an Error at what is no list, when an item is larger than any can be, and what the taker throws. */
  push(chunk: Buffer): void {
    const octets = this.held.with(chunk);
    if (octets === undefined) return;
    let at = 0;
    while (at < octets.length) {
      const end = this.step(octets, at);
      if (end > octets.length) {
        this.held.keep(octets.subarray(at), end - at);
        return;
      }
      at = end;
    }
  }

  /** Takes what is whole at this place, and returns where it ends; what is not whole yet is left. */
  private step(octets: Buffer, at: number): number {
    if (!this.hasMark) return this.takeMark(octets, at);
    const prefix = readPrefix(octets, at);
    if (prefix === undefined) return octets.length + 1;
    const { number, start, length } = prefix;
    if (this.left === undefined && number === field.list) {
      this.left = length;
      this.hasEnded = length === 0;
      return start;
    }
    const end = start + length;
    if (end > octets.length) return end;
    if (this.left !== undefined) this.takeFrom(this.left - (end - at), number, { octets, start, end });
    return end;
  }

  private takeMark(octets: Buffer, at: number): number {
    const end = at + envelopeMark.length;
    if (end > octets.length) return end;
    checkMark(octets.subarray(at, end));
    this.hasMark = true;
    return end;
  }

  private takeFrom(left: number, number: number, content: Content): void {
    if (left < 0) throw new Error(`a list whose last part is ${-left} octets too long`);
    if (number === field.metadata) this.metadata = readMessage(content.octets, listMetaMessage, content);
    else if (number === field.item) this.takeItem(content);
    this.left = left === 0 ? undefined : left;
    this.hasEnded = left === 0;
  }

  private takeItem(content: Content): void {
    let item: RawObject;
    try {
      item = readMessage(content.octets, this.type, content);
    } catch (error) {
      this.taker.unreadable((error as Error).message);
      return;
    }
    this.taker.take(item);
  }
}
