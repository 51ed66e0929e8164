// Which authorities an upstream over TLS is known by, when the configuration names none. The platform reads the store once, so each is a process of its own.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { freePort } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ask } from '../support/client.ts';
import { readMessage, writeMessage } from '../support/message.ts';
import { Program } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const certificates = join(import.meta.dirname, '../support/certificates');
const pem = (name: string) => readFileSync(join(certificates, name));

/** The port of an upstream whose certificate is signed by an authority that nobody has but these tests. */
async function tlsUpstream(): Promise<number> {
  const sockets: TLSSocket[] = [];
  const server = createServer({ key: pem('server.key'), cert: pem('server.crt') }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (frame: Buffer) => {
      const { id, questions } = readMessage(frame.subarray(2));
      const reply = writeMessage({ id, flags: ['qr', 'rd', 'ra'], questions, answer: ['www.example.org 60 A 192.0.2.1'] });
      socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 0xff]), reply]));
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

/** What a server with this environment answers, and whether it knew the upstream. */
async function answeredWith(environment: Readonly<Record<string, string>>): Promise<string> {
  const port = await freePort();
  const corefile = `.:${port} {\n bind 127.0.0.1\n errors\n forward . tls://127.0.0.1:${await tlsUpstream()} {\n max_connect_attempts 1\n}\n}\n`;
  const folder = join(certificates, 'none');
  const env = { SSL_CERT_FILE: folder, SSL_CERT_DIR: folder, ...environment };
  await using program = new Program({ files: { Corefile: corefile }, env });
  await expect.poll(() => program.output.out, soon).toContain('FerryDNS-');
  const { reply } = await ask({ port }, 'www.example.org A');
  return `${reply?.rcode} ${program.output.out.includes('self-signed') || program.output.out.includes('unable to') ? 'untrusted' : 'trusted'}`;
}

const authority = join(certificates, 'authority.crt');

test.each<[string, Record<string, string>, string]>([
  ['nothing', {}, 'SERVFAIL untrusted'],
  ['SSL_CERT_FILE', { SSL_CERT_FILE: authority }, 'NOERROR trusted'],
  ['SSL_CERT_DIR', { SSL_CERT_DIR: certificates }, 'NOERROR trusted'],
  ['SSL_CERT_DIR of several folders', { SSL_CERT_DIR: `${join(certificates, 'none')}:${certificates}` }, 'NOERROR trusted'],
])('%s', async (_, environment, outcome) => {
  expect(await answeredWith(environment)).toBe(outcome);
});
