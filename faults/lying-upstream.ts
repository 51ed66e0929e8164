// An upstream that lies: run as a process of its own on the port of its first word, over UDP. Before each right answer it sends one that is forged or broken.
import { randomBytes, randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { answer } from '../bench/upstream.ts';

/** The address in what is forged. */
export const FORGED = '203.0.113.66';
const RIGHT_AFTER = 20;

/** Each makes of a right answer one that must not be believed. */
const lies: readonly ((right: Buffer) => Buffer)[] = [
  (right) => changed(right, (reply) => reply.writeUInt16BE((reply.readUInt16BE(0) + 1) & 0xffff, 0)),
  // A letter of the name that was asked for.
  (right) => changed(right, (reply) => reply.writeUInt8(reply.readUInt8(14) ^ 1, 14)),
  // No reply at all: QR is 0.
  (right) => changed(right, (reply) => reply.writeUInt8(reply.readUInt8(2) & 0x7f, 2)),
  // An UPDATE.
  (right) => changed(right, (reply) => reply.writeUInt8(reply.readUInt8(2) | 0x28, 2)),
  // No question.
  (right) => changed(right, (reply) => reply.writeUInt16BE(0, 4)),
  // The header, and any bytes.
  (right) => Buffer.concat([right.subarray(0, 2), randomBytes(randomInt(0, 200))]),
  () => randomBytes(randomInt(0, 600)),
];

function changed(right: Buffer, change: (reply: Buffer) => void): Buffer {
  const reply = Buffer.from(right);
  const address = Buffer.from(FORGED.split('.').map(Number));
  // Where bench/upstream.ts puts the one address, before the OPT record if there is one.
  const end = reply.readUInt16BE(10) > 0 ? reply.length - 11 : reply.length;
  address.copy(reply, end - address.length);
  change(reply);
  return reply;
}

function main(): void {
  const socket = createSocket('udp4');
  let queries = 0;
  process.on('message', () => process.send?.({ queries }));
  process.on('disconnect', () => process.exit(0));
  socket.on('message', (query: Buffer, client: RemoteInfo) => {
    queries += 1;
    const right = answer(query);
    if (right === undefined) return;
    const lie = lies[queries % lies.length];
    if (lie !== undefined) socket.send(lie(right), client.port, client.address);
    setTimeout(() => socket.send(right, client.port, client.address), RIGHT_AFTER);
  });
  const port = Number(process.argv[2]);
  socket.bind(port, '127.0.0.1', () => process.send?.({ port }));
}

if (import.meta.main) main();
