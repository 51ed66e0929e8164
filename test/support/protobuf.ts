// Writes objects of the Kubernetes API as Protocol Buffers: the fields that the plugin reads, and one of each wire type that it has to pass over.
import {
  listMetaMessage,
  namespaceMessage,
  podMessage,
  serviceMessage,
  sliceMessage,
  statusMessage,
  watchEventMessage,
} from '../../plugins/kubernetes/api/messages.ts';
import { type MessageType, messageType } from '../../plugins/kubernetes/api/protobuf.ts';

const types: Readonly<Record<string, MessageType>> = {
  Namespace: namespaceMessage,
  Service: serviceMessage,
  EndpointSlice: sliceMessage({ podNames: true, zones: true, nodes: true }),
  Pod: podMessage,
  Status: statusMessage,
};

/** Whether objects of a kind can be written; those of definitions of resources are JSON alone, as at a real API server. */
export const hasMessage = (kind: string): boolean => types[kind] !== undefined;

const mark = Buffer.from('k8s\0');
/** Clients of Go ask an object of a watch for its version too. */
const typeMeta = messageType({ 1: { name: 'apiVersion', as: 'text' }, 2: { name: 'kind', as: 'text' } });
const envelopeMessage = messageType({ 1: { name: 'typeMeta', as: 'message', of: typeMeta }, 2: { name: 'raw', as: 'octets' } });

/** A frame of a watch; `withStrange`: with fields that no message has, as a newer server may send them. */
export function watchFrame(type: string, object: { readonly apiVersion?: unknown; readonly kind?: unknown }, withStrange = true): Buffer {
  const event = encode(watchEventMessage, { type, object: { raw: envelope(object, withStrange) } }, withStrange);
  return Buffer.concat([uint32(event.length), event]);
}

/** An object with what stands around it. */
export function envelope(object: { readonly apiVersion?: unknown; readonly kind?: unknown }, withStrange = true): Buffer {
  const { apiVersion, kind } = object;
  const type = types[String(kind)];
  if (type === undefined) throw new Error(`no message is known for ${String(kind)}`);
  return Buffer.concat([mark, encode(envelopeMessage, { typeMeta: { apiVersion, kind }, raw: encode(type, object, withStrange) }, withStrange)]);
}

/** A list of objects of one kind, in its envelope. */
export function listEnvelope(
  kind: string,
  { metadata, items }: { readonly metadata: object; readonly items: readonly object[] },
  withStrange = true,
): Buffer {
  const of = types[kind] ?? [];
  const raw = [prefixed(1, encode(listMetaMessage, metadata, withStrange)), ...items.map((item) => prefixed(2, encode(of, item, withStrange)))];
  return Buffer.concat([mark, encode(envelopeMessage, { typeMeta: { kind: `${kind}List` }, raw: Buffer.concat(raw.flat()) }, false)]);
}

export function encode(type: MessageType, object: object, withStrange = true): Buffer {
  const fields = object as Readonly<Record<string, unknown>>;
  const parts = type.flatMap((field, number) => {
    const value = field === undefined ? undefined : fields[field.name];
    return field === undefined || value === undefined ? [] : encodeField(number, { field, value, withStrange });
  });
  return Buffer.concat([...parts, ...(withStrange ? strange : [])]);
}

interface Entry {
  readonly field: NonNullable<MessageType[number]>;
  readonly value: unknown;
  readonly withStrange: boolean;
}

function encodeField(number: number, { field, value, withStrange }: Entry): Buffer[] {
  switch (field.as) {
    case 'integer':
    case 'boolean':
      return [tag(number, 0), varint(Number(value))];
    case 'text':
    case 'octets':
      return prefixed(number, value as string | Buffer);
    case 'texts':
      return (value as readonly string[]).flatMap((text) => prefixed(number, text));
    case 'map':
      return Object.entries(value as object).flatMap(([key, text]) => prefixed(number, Buffer.concat([...prefixed(1, key), ...prefixed(2, text)])));
    case 'message':
      // A time is a text in JSON.
      return prefixed(number, encode(field.of, typeof value === 'string' ? { seconds: Date.parse(value) / 1000 } : (value as object), withStrange));
    case 'messages':
      return (value as readonly object[]).flatMap((each) => prefixed(number, encode(field.of, each, withStrange)));
  }
}

function prefixed(number: number, value: string | Buffer): Buffer[] {
  const octets = Buffer.from(value as string);
  return [tag(number, 2), varint(octets.length), octets];
}

const tag = (number: number, wire: number): Buffer => varint(number * 8 + wire);

function varint(value: number): Buffer {
  const octets: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...octets, rest]);
    octets.push((rest % 128) | 0x80);
  }
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

/** One of each wire type. */
const strange = [tag(100, 0), varint(300), tag(101, 1), Buffer.alloc(8), ...prefixed(102, 'new'), tag(2000, 5), Buffer.alloc(4)];
