// Captures of queries, as other programs write them: pcap, dnstap, logs.
import { makeQuery, ownClient, parseName } from 'ferrydns/plugin';
import type { QuestionReader } from '../../src/command/captured-question.ts';

/** A query as a client sends it. */
export function query(name: string, type = 'A'): Buffer {
  return makeQuery({ name: parseName(name), type, client: ownClient, receivedAt: 0 }).toWire(7);
}

/** The message as a reply. */
export function reply(name: string): Buffer {
  const message = query(name);
  message.writeUInt16BE(0x8180, 2);
  return message;
}

export const numbers = (...all: readonly (readonly [bits: 16 | 32, value: number, little?: boolean])[]) =>
  Buffer.concat(
    all.map(([bits, value, little = false]) => {
      const octets = Buffer.alloc(bits / 8);
      if (bits === 16) little ? octets.writeUInt16LE(value) : octets.writeUInt16BE(value);
      else little ? octets.writeUInt32LE(value) : octets.writeUInt32BE(value);
      return octets;
    }),
  );

export const udp = (message: Buffer, port = 53) => Buffer.concat([numbers([16, 40_000], [16, port], [16, message.length + 8], [16, 0]), message]);

export function ip4(datagram: Buffer, fragment = 0): Buffer {
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(20 + datagram.length, 2);
  head.writeUInt16BE(fragment, 6);
  head[9] = 17;
  return Buffer.concat([head, datagram]);
}

export function ip6(datagram: Buffer): Buffer {
  const head = Buffer.alloc(40);
  head[0] = 0x60;
  head.writeUInt16BE(datagram.length, 4);
  head[6] = 17;
  return Buffer.concat([head, datagram]);
}

export const ethernet = (packet: Buffer, type: number, tags: readonly number[] = []) =>
  Buffer.concat([Buffer.alloc(12), ...tags.map((tag) => numbers([16, 0x8100], [16, tag])), numbers([16, type]), packet]);

export function pcap(packets: readonly Buffer[], { link = 1, little = true } = {}): Buffer {
  const head = numbers([32, 0xa1b2c3d4, little], [16, 2, little], [16, 4, little], [32, 0], [32, 0], [32, 262_144, little], [32, link, little]);
  const all = packets.map((packet) =>
    Buffer.concat([numbers([32, 1, little], [32, 2, little], [32, packet.length, little], [32, packet.length, little]), packet]),
  );
  return Buffer.concat([head, ...all]);
}

const varint = (number: number): Buffer =>
  number < 128 ? Buffer.from([number]) : Buffer.concat([Buffer.from([(number & 127) | 128]), varint(number >>> 7)]);
const bytesField = (number: number, bytes: Buffer) => Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const numberField = (number: number, value: number) => Buffer.concat([varint(number * 8), varint(value)]);
export const frame = (bytes: Buffer) => Buffer.concat([numbers([32, bytes.length]), bytes]);

export const tap = (message: Buffer, kind = 5) =>
  frame(
    Buffer.concat([
      bytesField(1, Buffer.from('host')),
      bytesField(14, Buffer.concat([numberField(1, kind), numberField(2, 1), bytesField(10, message)])),
      numberField(15, 1),
    ]),
  );

export function tapStream(...frames: readonly Buffer[]): Buffer {
  const type = Buffer.from('protobuf:dnstap.Dnstap');
  const start = Buffer.concat([numbers([32, 2], [32, 1], [32, type.length]), type]);
  return Buffer.concat([numbers([32, 0], [32, start.length]), start, ...frames, numbers([32, 0], [32, 4], [32, 3])]);
}

/** Lines of CoreDNS and of a query log, and some that are neither. */
export const log = [
  '[INFO] 127.0.0.1:50759 - 29008 "A IN www.example.org. udp 41 false 4096" NOERROR qr,rd,ra,ad 68 0.037990251s',
  '[INFO] plugin/reload: Running configuration',
  '{"time":"2026-11-28T23:33:40.123Z","name":"db.example.org.","type":"AAAA","rcode":"NOERROR"}',
  '{"name":7}',
  '{"name":',
  '',
].join('\n');

/** The questions, whatever the pieces in which it comes. */
export function read(reader: QuestionReader, bytes: Buffer, piece = bytes.length): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += piece)
    found.push(...reader.push(bytes.subarray(at, at + piece)).map(({ name, type }) => `${name} ${type}`));
  return found;
}
