// The incident of the two databases with real caches of a vendor: two of them behind one address take turns, and one has learnt the change.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { after, definePlugin, parseName, Reply, record } from 'ferrydns/plugin';
import { ask, freePort, serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { accountOf, moveAccountOf } from '../../examples/migration/database/account.ts';
import { addressesOf, type DatabaseName, names, places, type Side } from '../../examples/migration/database/places.ts';
import { type StoryOptions, withoutPlan, withPlan } from '../../examples/migration/database/story.ts';
import type { Vendor } from '../../examples/migration/database/vendor.ts';
import { complaintsWith } from '../../examples/migration/database/verdict.ts';
import { ferrydns } from '../../examples/migration/service.ts';
import { needs } from './needs.ts';

const story = { times: { vendor: 5, cluster: 1, jvm: 1, transition: 1, slack: 0.5 }, applications: 8, command: ferrydns };

test.each([
  ['unbound', () => ({ program: needs('unbound', 'apt install unbound'), start: startUnbound })],
  ['dnsmasq', () => ({ program: needs('dnsmasq', 'apt install dnsmasq-base'), start: startDnsmasq })],
] as const)('below caches of %s: without a plan both databases are written to, with it A and then B', async (_, cacheOf) => {
  const { program, start } = cacheOf();
  const options: StoryOptions = { ...story, startVendor: (ttl) => startRealVendor(ttl, (place) => start(program, place)) };
  const [without, outcome] = await Promise.all([withoutPlan(options), withPlan(options)]);

  const incident = accountOf(without);
  expect(incident.wroteToBoth).toBeGreaterThan(0);
  expect(incident.wentBack).toBeGreaterThan(0);
  expect(incident.servedByAAfterB).toBeGreaterThan(0);

  const account = moveAccountOf(outcome);
  expect(complaintsWith(account, outcome)).toEqual([]);
  expect(account.vendorMixed).toBe(true);
  expect(outcome.statuses.at(-1)?.status.upstream.now?.shows).toBe('to');
  expect(outcome.statuses.at(-1)?.status.upstream.longest_ttl).toBe(story.times.vendor);
});

/** A caching resolver that runs. */
interface Cache {
  readonly port: number;
  /** Forgets everything. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

interface Place {
  readonly directory: string;
  readonly port: number;
  /** The port of the authoritative server. */
  readonly authority: number;
}

/** The authoritative server, two caches in front of it, and the one address at which they take turns. */
async function startRealVendor(ttl: number, startCache: (place: Place) => Promise<Cache>): Promise<Vendor> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-vendor-'));
  const zone: { side: Side } = { side: 'A' };
  const authority = await serve('. {\n records\n}\n', { plugins: [{ plugin: recordsOf(zone, ttl), place: { before: 'cache' } }] });
  const caches: Cache[] = [];
  for (const i of [0, 1]) {
    const port = await freePort();
    const place = { directory: join(directory, `${i}`), port, authority: authority.port };
    mkdirSync(place.directory);
    const cache = await startCache(place);
    caches.push(cache);
    await learn(cache, 'A', ttl);
  }
  const [one, other] = caches;
  if (one === undefined || other === undefined) throw new Error('two caches expected');
  const witnessed = { lastA: 0 };
  const blocks = names.map((name, i) => {
    const inTurn = (i === 0 ? [one, other] : [other, one]).map(({ port }) => `127.0.0.1:${port}`);
    return `${name} {\n witness\n forward . ${inTurn.join(' ')} {\n policy round_robin\n}\n}\n`;
  });
  const front = await serve(blocks.join(''), { plugins: [{ plugin: witness(witnessed), place: { before: 'cache' } }] });
  return {
    endpoint: `127.0.0.1:${front.port}`,
    ttl,
    get lastA() {
      return witnessed.lastA;
    },
    async change() {
      await other.flush();
      await learn(other, 'A', ttl);
      zone.side = 'B';
      await one.flush();
      await learn(one, 'B', ttl);
    },
    async stop() {
      for (const each of [front, ...caches, authority]) await each.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Asks a cache until it knows both names anew. */
async function learn({ port }: Cache, side: Side, ttl: number): Promise<void> {
  for (const name of names) {
    const wanted = `${name}. ${ttl} IN A ${places[name][side]}`;
    for (let attempt = 0, found = ''; found !== wanted; attempt++) {
      if (attempt === 200) throw new Error(`the cache at port ${port} says '${found}', expected '${wanted}'`);
      if (attempt > 0) await sleep(50);
      found = await ask({ port, name, timeout: 500 }).then(
        ({ answers }) => answers.join(),
        (error: Error) => error.message,
      );
    }
  }
}

function recordsOf(zone: { readonly side: Side }, ttl: number) {
  const place = new Map<string, DatabaseName>(names.map((name) => [parseName(name), name]));
  return definePlugin({
    name: 'records',
    summary: 'answers with authority where the databases are',
    config: {},
    setup: () => ({
      handle(query) {
        const name = place.get(query.name);
        if (name === undefined || query.type !== 'A') return Reply.empty('NOERROR');
        return Reply.answer([record({ name: query.name, type: 'A', ttl, data: places[name][zone.side] })]);
      },
    }),
  });
}

function witness(witnessed: { lastA: number }) {
  return definePlugin({
    name: 'witness',
    summary: 'notes when an answer leads to A',
    config: {},
    setup: () => ({
      handle: (query, next) =>
        after(next(query), (reply) => {
          if (reply.answers.some(({ data }) => addressesOf('A').includes(String(data)))) witnessed.lastA = Date.now();
          return reply;
        }),
    }),
  });
}

async function startUnbound(program: string, { directory, port, authority }: Place): Promise<Cache> {
  const control = needs('unbound-control', 'apt install unbound');
  const file = join(directory, 'unbound.conf');
  const server = [
    'interface: 127.0.0.1',
    `port: ${port}`,
    `directory: "${directory}"`,
    'pidfile: ""',
    'username: ""',
    'chroot: ""',
    'do-daemonize: no',
    'use-syslog: no',
    'module-config: "iterator"',
    'do-not-query-localhost: no',
    'access-control: 127.0.0.0/8 allow',
  ];
  const remote = ['control-enable: yes', `control-interface: "${join(directory, 'control')}"`, 'control-use-cert: no'];
  const forward = ['name: "."', `forward-addr: 127.0.0.1@${authority}`];
  const clauses = { server, 'remote-control': remote, 'forward-zone': forward };
  writeFileSync(
    file,
    Object.entries(clauses)
      .map(([clause, lines]) => `${clause}:\n${lines.map((line) => `  ${line}\n`).join('')}`)
      .join(''),
  );
  const child = spawn(program, ['-d', '-c', file], { stdio: 'ignore' });
  return {
    port,
    async flush() {
      await promisify(execFile)(control, ['-c', file, 'flush_zone', 'example.org']);
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function startDnsmasq(program: string, { directory, port, authority }: Place): Promise<Cache> {
  const file = join(directory, 'dnsmasq.conf');
  const lines = ['no-resolv', 'no-hosts', 'no-poll', 'bind-interfaces', 'listen-address=127.0.0.1', `port=${port}`, `server=127.0.0.1#${authority}`];
  writeFileSync(file, `${lines.join('\n')}\npid-file=${join(directory, 'pid')}\n`);
  const child = spawn(program, ['--keep-in-foreground', `--conf-file=${file}`, ...asOneself()], { stdio: 'ignore' });
  return {
    port,
    async flush() {
      child.kill('SIGHUP');
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** dnsmasq that is started by root would become another user, who may not look into the folder. */
function asOneself(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}
