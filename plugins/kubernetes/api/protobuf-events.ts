// Cuts a watch that streams in as Protocol Buffers into its events. Each is a frame: four octets of length, a WatchEvent, and in it an envelope with the object.
import type { RawObject } from '../cluster/trimming.ts';
import { openEnvelope } from './envelope.ts';
import { Held } from './held.ts';
import { statusMessage, watchEventMessage } from './messages.ts';
import { type MessageType, readMessage } from './protobuf.ts';

const lengthOctets = 4;

export interface WatchEvent {
  readonly type?: string;
  readonly object?: RawObject;
}

/** Takes what was read, and hears of what is no message, which is passed over. */
export interface Taker<T> {
  take(read: T): void;
  unreadable(reason: string): void;
}

export class ProtobufEvents {
  private readonly type: MessageType;
  private readonly taker: Taker<WatchEvent>;
  private readonly held = new Held();

  /** `type` is that of the objects. */
  constructor(type: MessageType, taker: Taker<WatchEvent>) {
    this.type = type;
    this.taker = taker;
  }

  /** Throws an Error when an event is larger than any can be, and what the taker throws. */
  push(chunk: Buffer): void {
    const octets = this.held.with(chunk);
    if (octets === undefined) return;
    let at = 0;
    let end = frameEnd(octets, at);
    while (end <= octets.length) {
      this.give(octets.subarray(at + lengthOctets, end));
      at = end;
      end = frameEnd(octets, at);
    }
    if (at < octets.length) this.held.keep(octets.subarray(at), end - at);
  }

  private give(frame: Buffer): void {
    let event: WatchEvent;
    try {
      event = this.read(frame);
    } catch (error) {
      this.taker.unreadable((error as Error).message);
      return;
    }
    this.taker.take(event);
  }

  private read(frame: Buffer): WatchEvent {
    const { type = '', object = {} } = readMessage(frame, watchEventMessage) as { type?: string; object?: { raw?: Buffer } };
    const { kind, raw } = openEnvelope(object.raw);
    return { type, object: readMessage(raw, kind === 'Status' ? statusMessage : this.type) };
  }
}

/** Where the frame at this place ends; where its length has not come, the end of that. */
function frameEnd(octets: Buffer, at: number): number {
  const start = at + lengthOctets;
  return start > octets.length ? start : start + octets.readUInt32BE(at);
}
