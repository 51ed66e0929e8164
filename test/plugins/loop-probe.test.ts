import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { parseName } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { probe } from '../../plugins/loop/probe.ts';
import { readMessage } from '../support/message.ts';

const name = parseName('1.2.example.org');

async function listen() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, target: { address: '127.0.0.1', port: socket.address().port } };
}

test('a probe asks for HINFO with RD and takes the reply with its id, whatever it says', async () => {
  const { socket, target } = await listen();
  const asked = Promise.withResolvers<Buffer>();
  socket.on('message', (message, from) => {
    asked.resolve(message);
    const other = Buffer.from(message);
    other.writeUInt16BE(message.readUInt16BE(0) ^ 1);
    socket.send(other, from.port, from.address);
    socket.send(message, from.port, from.address);
  });
  await probe(name, target, new AbortController().signal);
  const { questions, flags } = readMessage(await asked.promise);
  expect(questions).toEqual([expect.objectContaining({ name: '1.2.example.org.', type: 'HINFO' })]);
  expect(flags).toEqual(['rd']);
  socket.close();
});

test('a reply with another id ends no probe', async () => {
  const { socket, target } = await listen();
  const stop = new AbortController();
  socket.on('message', (message, from) => {
    message.writeUInt16BE(message.readUInt16BE(0) ^ 1);
    socket.send(message, from.port, from.address, () => setTimeout(() => stop.abort(), 30));
  });
  await expect(probe(name, target, stop.signal)).rejects.toThrow('stopped');
  socket.close();
});

test('a probe of a closed port fails', async () => {
  const { socket, target } = await listen();
  socket.close();
  await expect(probe(name, target, new AbortController().signal)).rejects.toThrow('ECONNREFUSED');
});

test('a probe ends when it is stopped', async () => {
  const { socket, target } = await listen();
  const stop = new AbortController();
  socket.on('message', () => stop.abort());
  await expect(probe(name, target, stop.signal)).rejects.toThrow('stopped');
  socket.close();
});
