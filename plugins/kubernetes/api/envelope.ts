// The envelope in which the API puts an object as Protocol Buffers: a mark, then a message that says of what kind it is.
import type { RawObject } from '../cluster/trimming.ts';
import { envelopeMessage, statusMessage } from './messages.ts';
import { readMessage } from './protobuf.ts';

/** The media type, of single objects and of the frames of a watch. */
export const protobufType = 'application/vnd.kubernetes.protobuf';

export const envelopeMark = Buffer.from('k8s\0');

/** What is in an envelope. Throws an Error where there is none. */
export function openEnvelope(octets: Buffer = nothing): { readonly kind: string; readonly raw: Buffer } {
  checkMark(octets);
  const { typeMeta = {}, raw = nothing } = readMessage(octets.subarray(envelopeMark.length), envelopeMessage) as {
    readonly typeMeta?: { readonly kind?: string };
    readonly raw?: Buffer;
  };
  return { kind: typeMeta.kind ?? '', raw };
}

/** Throws an Error at what does not begin as an envelope does. */
export function checkMark(octets: Buffer): void {
  if (!octets.subarray(0, envelopeMark.length).equals(envelopeMark)) throw new Error('no object of the API, expected one that begins with "k8s"');
}

/** The Status in an envelope. Throws an Error where there is none. */
export function readStatus(octets: Buffer): RawObject {
  return readMessage(openEnvelope(octets).raw, statusMessage);
}

const nothing = Buffer.alloc(0);
