// No way around a move: a real cache in front of the server, and a server that has lost its real store.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, freePort } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { Etcd } from '../support/etcd.ts';
import { ServerProcess } from '../support/server-process.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startUpstream } from '../support/upstream.ts';
import { needs } from './needs.ts';

const name = 'www.example.org';
const alias = 'alias.example.org';

function corefile(upstream: string, ...options: readonly string[]): string {
  const plan = ['from 192.0.2.1', 'to 198.51.100.1', 'mode exclusive', 'fence exec /bin/true', 'ttl 1', 'transition_ttl 1', 'countdown 1s'];
  const lines = [...plan, 'admin 127.0.0.1:0', ...options].join('\n ');
  return `. {\n bind 127.0.0.1\n migrate ${name} {\n ${lines}\n}\n cache 1\n forward . ${upstream}\n}\n`;
}

test('nobody behind a real cache is led to A after the flip, whatever was asked for before', async () => {
  const vendor = await startUpstream({
    [`${name} A`]: [`${name} 5 CNAME old.vendor.net`, 'old.vendor.net 300 A 192.0.2.1'],
    [`${name} *`]: [`${name} 300 CNAME old.vendor.net`],
    'old.vendor.net A': ['old.vendor.net 300 A 192.0.2.1'],
    '* *': 'NXDOMAIN',
  });
  await using server = await ServerProcess.start({ corefile: corefile(vendor.endpoint, 'slack 1s') });
  await using cache = await startUnbound(server.port);
  await server.until(name, ({ upstream }) => upstream.before !== null);
  expect(await server.order(name, { verb: 'start' })).toBeUndefined();
  for (const type of ['TXT', 'MX', 'CNAME', 'CAA']) expect([type, ...(await ask({ port: cache.port, name, type })).answers]).toEqual([type]);
  await server.advance(name);
  await server.until(name, ({ phase }) => phase === 'done');
  await expect.poll(async () => (await ask({ port: cache.port, name, type: 'A' })).answers.join()).toMatch(/198\.51\.100\.1$/);
  await vendor.stop();
});

test('a server that took its leave before the move, and finds neither phase nor store, does not lead to A by an alias', async () => {
  const upstream = await startUpstream({
    [`${alias} A`]: [`${alias} 60 CNAME ${name}`, `${name} 20 A 192.0.2.1`],
    [`${name} A`]: [`${name} 1 A 192.0.2.1`],
    '* *': [],
  });
  await using etcd = await Etcd.start();
  await using way = await TcpProxy.open(etcd.port);
  const shared = (replica: string, url: string) =>
    corefile(upstream.endpoint, 'slack 1s', 'session 2s', 'skew 300ms', 'hold 20ms', `store etcd ${url}`, `replica ${replica}`);
  await using one = await ServerProcess.start({ corefile: shared('dns-1', etcd.url) });
  await using two = await ServerProcess.start({ corefile: shared('dns-2', `http://127.0.0.1:${way.port}`) });
  await two.until(name, ({ replicas }) => replicas.length === 2);
  await two.end('SIGTERM');
  await one.until(name, ({ replicas, upstream: { before } }) => replicas.length === 1 && before !== null);
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  await one.advance(name);
  await one.until(name, ({ phase }) => phase === 'done');
  expect((await one.ask(alias)).answers.at(-1)).toBe(`${name}. 1 IN A 198.51.100.1`);
  way.cut('refused');
  await two.start();
  expect((await two.ask(name)).rcode).toBe('SERVFAIL');
  const told = await two.ask(alias);
  expect([told.rcode, told.answers]).toEqual(['SERVFAIL', []]);
  await upstream.stop();
});

/** An unbound that asks the server at this port for everything. */
async function startUnbound(asks: number): Promise<AsyncDisposable & { readonly port: number }> {
  const program = needs('unbound', 'apt install unbound');
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-unbound-'));
  const port = await freePort();
  const settings = ['interface: 127.0.0.1', `port: ${port}`, `directory: "${directory}"`, 'pidfile: ""', 'username: ""', 'chroot: ""'];
  const more = ['do-daemonize: no', 'use-syslog: no', 'module-config: "iterator"', 'do-not-query-localhost: no', 'access-control: 127.0.0.0/8 allow'];
  const file = join(directory, 'unbound.conf');
  writeFileSync(file, `server:\n ${[...settings, ...more].join('\n ')}\nforward-zone:\n name: "."\n forward-addr: 127.0.0.1@${asks}\n`);
  const unbound = spawn(program, ['-d', '-c', file], { stdio: 'ignore' });
  const ended = once(unbound, 'exit');
  // Any answer will do.
  await expect
    .poll(() =>
      ask({ port, name: 'ready.example', type: 'A', timeout: 500 }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      unbound.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
