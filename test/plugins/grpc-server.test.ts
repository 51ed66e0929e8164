// DNS over gRPC, asked by a client of the gRPC library.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { definePlugin } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { readPacket, writePacket } from '../../src/transport/grpc-packet.ts';
import { queryMessage, readMessage } from '../support/message.ts';

const folder = join(import.meta.dirname, '../support/certificates');
const ca = readFileSync(join(folder, 'authority.crt'));

function corefile(...lines: readonly string[]): string {
  return `grpc://.:0 {\ntls ${folder}/server.crt ${folder}/server.key\n${lines.join('\n')}\n}\n`;
}

function client(port: number): Client & Disposable {
  const made = new Client(`127.0.0.1:${port}`, credentials.createSsl(ca), { 'grpc.ssl_target_name_override': 'localhost' });
  return Object.assign(made, { [Symbol.dispose]: () => made.close() });
}

function ask(asker: Client, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    asker.makeUnaryRequest('/coredns.dns.DnsService/Query', writePacket, readPacket, message, (error: ServiceError | null, reply?: Buffer) => {
      if (error === null && reply !== undefined) resolve(reply);
      else reject(error);
    });
  });
}

test('many queries of one connection', async () => {
  await using server = await serve(corefile('hosts {\n192.0.2.1 www.example.org\n}'));
  using asker = client(server.port);
  const replies = await Promise.all(Array.from({ length: 20 }, (_, id) => ask(asker, queryMessage(`www.example.org +id=${id}`))));
  expect(replies.map((reply) => readMessage(reply).id)).toEqual(Array.from({ length: 20 }, (_, id) => id));
  expect(readMessage(replies[0] as Buffer).answer[0]?.data).toBe('192.0.2.1');
});

test('the chain knows who asked, and by what', async () => {
  const seen: string[] = [];
  const plugin = definePlugin({
    name: 'seen',
    summary: '',
    config: {},
    setup: () => ({
      handle(query, next) {
        const { address, family, transport, localAddress, localPort } = query.client;
        seen.push(`${address} ${family} ${transport} ${localAddress} ${localPort}`);
        return next(query);
      },
    }),
  });
  await using server = await serve(corefile('seen', 'whoami'), { plugins: [{ plugin, place: { before: 'whoami' } }] });
  using asker = client(server.port);
  await ask(asker, queryMessage('example.org'));
  expect(seen).toEqual([`127.0.0.1 4 grpc 127.0.0.1 ${server.port}`]);
});

test('what is no DNS query is an invalid argument, and what is no DnsPacket an error; the next query is answered', async () => {
  await using server = await serve(corefile('whoami'));
  using asker = client(server.port);
  await expect(ask(asker, Buffer.alloc(3))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  const raw = new Promise<void>((resolve, reject) => {
    const same = (bytes: Buffer) => bytes;
    asker.makeUnaryRequest('/coredns.dns.DnsService/Query', same, same, Buffer.from('12ff', 'hex'), (error: ServiceError | null) =>
      error === null ? resolve() : reject(error),
    );
  });
  await expect(raw).rejects.toThrow();
  expect(readMessage(await ask(asker, queryMessage('example.org +id=3'))).id).toBe(3);
});

test('a reload keeps the connection, and the end of the server ends it', async () => {
  const server = await serve(corefile('whoami'));
  using asker = client(server.port);
  await ask(asker, queryMessage('example.org'));
  await server.reload(corefile('grpc_server {\nmax_connections 1\n}', 'whoami'));
  await ask(asker, queryMessage('example.org'));
  using other = client(server.port);
  await expect(ask(other, queryMessage('example.org'))).rejects.toThrow();
  await server.stop();
  await expect(ask(asker, queryMessage('example.org'))).rejects.toThrow();
});

test.each([1, 127, 128, 300, 65_535])('a packet of %i octets', (length) => {
  expect(readPacket(writePacket(Buffer.alloc(length, 7)))).toEqual(Buffer.alloc(length, 7));
});
