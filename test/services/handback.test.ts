// A hand-back below unbound, whose vendor mixes old and new: what the cache shows for a whole TTL is one draw.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { Status } from '../support/migration.ts';
import { startUpstream } from '../support/upstream.ts';
import { needs } from './needs.ts';

const name = 'db.example.org';
const [a, b] = ['192.0.2.1', '198.51.100.1'];
const ttl = 1;
const wanted = 6;
const patience = { timeout: 100_000, interval: 200 };

async function startUnbound(authority: number): Promise<number> {
  const program = needs('unbound', 'apt install unbound');
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-unbound-'));
  const port = await freePort();
  const server = ['interface: 127.0.0.1', `port: ${port}`, `directory: "${directory}"`, 'pidfile: ""', 'username: ""', 'chroot: ""'];
  const more = ['do-daemonize: no', 'use-syslog: no', 'module-config: "iterator"', 'do-not-query-localhost: no', 'access-control: 127.0.0.0/8 allow'];
  const lines = [
    'server:',
    ...[...server, ...more].map((line) => `  ${line}`),
    'forward-zone:',
    '  name: "."',
    `  forward-addr: 127.0.0.1@${authority}`,
  ];
  const file = join(directory, 'unbound.conf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(program, ['-d', '-c', file], { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(directory, { recursive: true, force: true });
  });
  return port;
}

test('names stay as long as the vendor above the cache mixes, and are given back after as many draws as are wanted', {
  timeout: 240_000,
}, async () => {
  const vendor = { mixes: true, draws: [] as string[] };
  const authority = await startUpstream({
    [`${name} A`]: () => {
      // A comes often enough that no chance is in it, and seldom enough that several draws with B stand between.
      const address = vendor.mixes && vendor.draws.length % 4 === 3 ? a : b;
      vendor.draws.push(address);
      return { answer: [`${name} ${ttl} A ${address}`], flags: ['aa'] };
    },
    '* *': [],
  });
  onTestFinished(() => authority.stop());
  const unbound = await startUnbound(authority.port);
  const plan = `from ${a}\n to ${b}\n mode exclusive\n fence exec /bin/true\n ttl 1\n transition_ttl 1\n countdown 1s\n slack 0s\n advance auto`;
  const corefile = `. {\n migrate ${name} {\n ${plan}\n handback on\n handback_answers ${wanted}\n admin 127.0.0.1:0\n}\n forward . 127.0.0.1:${unbound}\n}\n`;
  await using server = await serve(corefile);
  const url = () => `http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/migrations/${name}`;
  const status = async () => (await (await fetch(url())).json()) as Status;
  const start = async () => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url()}/start`, { method: 'POST', headers, body: '{"epoch":1}' })).status;
  };
  await expect.poll(start, patience).toBe(200);
  await expect.poll(async () => (await status()).phase, patience).toBe('done');
  const since = vendor.draws.length;
  await expect.poll(() => vendor.draws.length - since, patience).toBeGreaterThan(3 * wanted);
  expect((await status()).phase).toBe('done');
  expect((await status()).wait?.why).toContain('has not shown B alone for long enough');
  vendor.mixes = false;
  const clean = vendor.draws.length;
  await expect.poll(async () => (await status()).phase, patience).toBe('released');
  expect(vendor.draws.length - clean).toBeGreaterThanOrEqual(wanted - 3);
  expect((await server.ask(name)).answers[0]).toContain(b);
});
