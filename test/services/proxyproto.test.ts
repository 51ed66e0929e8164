// HAProxy in front of TCP and TLS listeners: it sends the header, and the server knows the client.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { freePort } from '../../src/testing/free-port.ts';
import { TcpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { soon } from '../support/soon.ts';
import { needs } from './needs.ts';

const haproxy = () => needs('haproxy', 'apt-get install haproxy');
const folder = join(import.meta.dirname, '../support/certificates');
const ca = readFileSync(join(folder, 'authority.crt'));

class HaProxy implements AsyncDisposable {
  private readonly directory = mkdtempSync(join(tmpdir(), 'haproxy-'));
  private readonly process: ChildProcess;

  constructor(port: number, server: string) {
    const file = join(this.directory, 'haproxy.cfg');
    writeFileSync(
      file,
      `defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen dns
  bind 127.0.0.1:${port}
  server one ${server}
`,
    );
    this.process = spawn(haproxy(), ['-db', '-f', file], { stdio: 'ignore' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.kill('SIGKILL')) await once(this.process, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Asks as 127.0.0.1, through HAProxy, and tells the port that the client has and the one that the server saw. */
async function askThrough(port: number, secured: boolean): Promise<{ readonly own: number; readonly seen: number }> {
  const client = await TcpClient.open({ port, ...(secured ? { tls: { ca, servername: 'localhost' } } : {}) });
  client.send(queryMessage('example.org A'));
  const reply = await client.next();
  client.close();
  if (reply === undefined) throw new Error('HAProxy closed the connection');
  const srv = readMessage(reply).additional.find(({ type }) => type === 'SRV');
  return { own: client.port, seen: Number(String(srv?.data).split(' ')[2]) };
}

test.each([
  ['send-proxy', '.:0', false],
  ['send-proxy-v2', '.:0', false],
  ['send-proxy-v2 proxy-v2-options crc32c,unique-id', '.:0', false],
  ['send-proxy-v2', 'tls://.:0', true],
])('HAProxy by %s in front of %s', async (option, key, secured) => {
  const tls = secured ? `tls ${folder}/server.crt ${folder}/server.key\n` : '';
  await using server = await serve(`${key} {\nproxyproto {\nallow 127.0.0.1/32\n}\n${tls}whoami\n}\n`);
  const port = await freePort();
  await using _proxy = new HaProxy(port, `127.0.0.1:${server.port} ${option}`);
  await expect
    .poll(
      () =>
        askThrough(port, secured).then(
          ({ own, seen }) => seen === own,
          () => false,
        ),
      soon,
    )
    .toBe(true);
  expect(await server.metrics()).toMatch(/ferrydns_proxyproto_headers_total\{.*result="used".*\} [1-9]/);
});

test('the health checks of HAProxy are served as its own', async () => {
  await using server = await serve('.:0 {\nproxyproto {\nallow 127.0.0.1/32\n}\nwhoami\n}\n');
  const port = await freePort();
  await using _proxy = new HaProxy(port, `127.0.0.1:${server.port} send-proxy-v2 check inter 100ms check-send-proxy`);
  await expect.poll(() => server.metrics(), soon).toMatch(/ferrydns_proxyproto_headers_total\{.*result="local".*\} [1-9]/);
});
