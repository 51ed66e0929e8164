// Servers that share a plan in a real etcd: what an operator does, what goes away and comes back, who is let in.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Etcd } from '../support/etcd.ts';
import { ServerProcess } from '../support/server-process.ts';
import { name, sharedPlan, told } from '../support/shared-plan.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { needs } from './needs.ts';

/** Milliseconds: parts of the faults that are played. An outage that lasts longer than the session of the plan, and what stands in the key for several readings. */
const beyondSession = 2500;
const severalReadings = 1500;

const key = `/ferrydns/migrations/${name}`;
const silent = 'SERVFAIL 14';
let etcd: Etcd;

beforeAll(async () => {
  etcd = await Etcd.start();
});
afterAll(() => etcd[Symbol.asyncDispose]());

/** A server called `replica`; each test begins with an empty store. */
function server(replica: string, { mode = 'exclusive', lines = [], port = etcd.port }: Options = {}): Promise<ServerProcess> {
  return ServerProcess.start({ corefile: corefile(replica, { mode, lines, port }) });
}

interface Options {
  readonly mode?: 'blend' | 'exclusive';
  readonly lines?: readonly string[];
  readonly port?: number;
}

function corefile(replica: string, { mode = 'exclusive', lines = [], port = etcd.port }: Options = {}): string {
  return sharedPlan({ mode, store: `etcd http://127.0.0.1:${port}`, lines: [`replica ${replica}`, ...lines] });
}

async function fresh(): Promise<void> {
  await etcd.call('kv/deleterange', { key: Buffer.from(key).toString('base64') });
}

/** Before that it is silent: where the store is empty it waits a session. */
const registered = ({ replicas }: { replicas: readonly unknown[] }) => replicas.length > 0;
const members =
  (count: number) =>
  ({ replicas }: { replicas: readonly unknown[] }) =>
    replicas.length === count;

test('what is asked of one server is done by all, also the way back; one that stops takes its leave', async () => {
  await fresh();
  await using one = await server('one');
  await using two = await server('two');
  await one.until(name, members(2));
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  await two.until(name, ({ phase }) => phase === 'lowering');
  expect((await two.status(name)).changed).toMatchObject({ why: 'started' });
  expect(await two.order(name, { verb: 'pause' })).toBeUndefined();
  await one.until(name, ({ paused }) => paused);
  expect(await two.order(name, { verb: 'rollback' })).toBeUndefined();
  await one.until(name, ({ phase, epoch }) => phase === 'original' && epoch === 2);
  expect(await one.order(name, { verb: 'start', epoch: 1 })).toContain('epoch 2');
  expect([await told(one), await told(two)]).toEqual(['A', 'A']);
  await two.end('SIGTERM');
  await one.until(name, members(1));
  expect(one.life).toContain('replica two has left');
});

test('of two processes with the name of one replica the older is stopped', async () => {
  await fresh();
  await using older = await server('same');
  await older.until(name, registered);
  expect(await told(older)).toBe('A');
  await using newer = await server('same');
  const { damage } = await older.until(name, ({ damage }) => damage !== null);
  expect(damage).toContain(`another process speaks for replica same in ${etcd.url} key ${key}: give each a name of its own by 'replica'`);
  expect(await told(older)).toBe(silent);
  await newer.until(name, ({ replicas, answers }) => replicas.length === 1 && answers.answer === 'from');
  expect(await told(newer)).toBe('A');
  expect(await older.order(name, { verb: 'start' })).toContain('another process speaks');
});

test('a replica that is gone for good before the move begins is forgotten by hand', async () => {
  await fresh();
  await using one = await server('one');
  await using two = await server('two');
  await one.until(name, members(2));
  await two.end('SIGKILL');
  expect(await one.order(name, { verb: 'forget', replica: 'three' })).toBe('no replica three is registered');
  expect(await one.order(name, { verb: 'forget', replica: 'two' })).toBeUndefined();
  expect((await one.status(name)).replicas.map(({ replica }) => replica)).toEqual(['one']);
  // It comes back, and is one of them again.
  await two.start();
  await one.until(name, members(2));
});

test('a server that was killed and restarted takes its leave as well', async () => {
  await fresh();
  await using one = await server('one');
  await using two = await server('two');
  await one.until(name, members(2));
  await two.end('SIGKILL');
  await two.start();
  await two.end('SIGTERM');
  await one.until(name, members(1));
});

test('without its store an exclusive plan is silent after a session, and goes on with it', async () => {
  await fresh();
  await using way = await TcpProxy.open(etcd.port);
  await using exclusive = await server('one', { port: way.port });
  await exclusive.until(name, registered);
  await exclusive.order(name, { verb: 'start' });
  await exclusive.until(name, ({ replicas }) => replicas[0]?.phase === 'lowering');
  await etcd.kill();
  expect(await told(exclusive)).toBe('A');
  await exclusive.until(name, ({ answers }) => answers.kind === 'silent');
  expect(await told(exclusive)).toBe(silent);
  expect(await exclusive.status(name)).toMatchObject({ store: { heard: false } });
  expect(exclusive.life).toContain('cannot be heard');
  // A fresh one knows nothing, and says nothing (R5).
  await using blank = await server('blank');
  expect(await told(blank)).toBe(silent);
  await etcd.start();
  await exclusive.until(name, ({ answers }) => answers.answer === 'from');
  await blank.until(name, ({ answers }) => answers.answer === 'from');
  expect(exclusive.life).toContain('is heard again');
  await exclusive.advance(name);
  for (const each of [exclusive, blank]) await each.until(name, ({ phase, answers }) => phase === 'done' && answers.answer === 'to');
});

test('a blend plan without its store holds its last answer', async () => {
  await fresh();
  await using way = await TcpProxy.open(etcd.port);
  await using blend = await server('one', { mode: 'blend', port: way.port });
  await blend.until(name, registered);
  await blend.order(name, { verb: 'start' });
  await blend.advance(name);
  await blend.until(name, ({ answers }) => answers.answer === 'both');
  way.cut('silent');
  await blend.until(name, ({ store, alarms }) => !store.heard && alarms.some(({ about }) => about === 'store'));
  await delay(beyondSession);
  expect(await told(blend)).toBe('both');
  expect(await blend.order(name, { verb: 'advance' })).toContain('not durable yet');
  way.heal();
  await blend.until(name, ({ phase, alarms }) => phase === 'done' && alarms.length === 0);
});

test('a reload that names other endpoints goes on where the plan is', async () => {
  await fresh();
  const first = await TcpProxy.open(etcd.port);
  await using second = await TcpProxy.open(etcd.port);
  await using one = await server('one', { port: first.port });
  await one.until(name, registered);
  await one.order(name, { verb: 'start' });
  await first[Symbol.asyncDispose]();
  await one.until(name, ({ store }) => !store.heard);
  await one.reload(corefile('one', { port: second.port }));
  const { phase, store } = await one.until(name, ({ store }) => store.heard);
  expect({ phase, place: store.place }).toEqual({ phase: 'lowering', place: `http://127.0.0.1:${second.port} key ${key}` });
});

test('what somebody else wrote into the key is told, and not followed', async () => {
  await fresh();
  await using one = await server('one');
  await one.until(name, registered);
  await one.order(name, { verb: 'start' });
  await one.until(name, ({ phase }) => phase === 'lowering');
  const held = (await etcd.get(key)) ?? '';
  for (const garbage of ['no JSON', '{"epoch":7}', held.replace('"phase":"lowering"', '"phase":"original"')]) {
    await etcd.put(key, garbage);
    await delay(severalReadings);
    expect((await one.status(name)).phase).not.toBe('original');
  }
  expect(one.life).toContain("holds 'no JSON', expected the agreement of a plan");
  await one.says(/the store went back: it holds epoch 1, original/);
  await etcd.put(key, held);
  await one.until(name, ({ phase, alarms }) => phase === 'lowering' && alarms.length === 0);
});

/** Asks all of them again and again, and gives the answers that any of them gave. */
async function answersOf(servers: readonly ServerProcess[], until: () => Promise<boolean>): Promise<Set<string>> {
  const seen = new Set<string>();
  while (!(await until())) for (const each of await Promise.all(servers.map(told))) seen.add(each);
  return seen;
}

/** Goes on by itself, and answers B for a while before it is done. */
const draining = ['advance auto', 'caches jvm 2s'];

test('a store that loses its data while B is answered gets back what the servers know, and a new one waits for that', async () => {
  await fresh();
  await using one = await server('one', { lines: draining });
  await using two = await server('two', { lines: draining });
  await one.until(name, members(2));
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  for (const each of [one, two]) await each.until(name, ({ answers }) => answers.answer === 'to');
  await etcd.lose();
  await using three = await server('three', { lines: draining });
  const all = [one, two, three];
  const seen = await answersOf(all, async () => (await three.status(name)).answers.answer === 'to');
  for (const each of all) expect(await told(each)).toBe('B');
  expect(seen).not.toContain('A');
  expect(JSON.parse((await etcd.get(key)) ?? '').agreement.restored.number).toBeGreaterThan(0);
  await one.until(name, members(3));
});

test('a store that loses its data in the middle of a move is filled by servers that were restarted meanwhile', async () => {
  await fresh();
  await using one = await server('one');
  await using two = await server('two');
  await one.until(name, members(2));
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  for (const each of [one, two]) await each.until(name, ({ replicas }) => replicas.every(({ phase }) => phase === 'lowering'));
  for (const each of [one, two]) await each.end('SIGKILL');
  await etcd.lose();
  for (const each of [one, two]) await each.start();
  for (const each of [one, two]) await each.until(name, ({ phase, answers }) => phase === 'lowering' && answers.answer === 'from');
  await one.advance(name);
  for (const each of [one, two]) await each.until(name, ({ phase, answers }) => phase === 'done' && answers.answer === 'to');
});

test('a user and a password let a server in where etcd asks for them', async () => {
  await using guarded = await Etcd.start();
  await guarded.call('auth/user/add', { name: 'root', password: 'secret' });
  await guarded.call('auth/role/add', { name: 'root' });
  await guarded.call('auth/user/grant', { user: 'root', role: 'root' });
  await guarded.call('auth/enable', {});
  const corefileFor = (file: string) =>
    sharedPlan({ mode: 'exclusive', store: `etcd ${guarded.url}`, lines: ['replica one', `store_credentials root ${file}`] });
  await using one = await ServerProcess.start({ corefile: corefileFor('right'), files: { right: 'secret\n', wrong: 'guess' } });
  await one.until(name, ({ answers }) => answers.answer === 'from');
  await one.end();
  await one.start();
  await one.reload(corefileFor('wrong'));
  await one.says(/user root is not let in: .*(invalid user ID or password|authentication failed)/);
  await one.reload(corefileFor('right'));
  await one.says(/is heard again/);
});

test('a certificate lets a server in where etcd asks for one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-certificates-'));
  const file = (each: string) => join(folder, each);
  writeFileSync(file('extensions'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  const openssl = (...args: string[]) => execFileSync(needs('openssl', 'apt install openssl'), args, { cwd: folder, stdio: 'pipe' });
  const pair = (each: string) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${each}.key`, '-subj', `/CN=${each}`];
  openssl('req', '-x509', ...pair('authority'), '-out', 'authority.crt');
  openssl('req', ...pair('member'), '-out', 'member.csr');
  const signed = ['-CA', 'authority.crt', '-CAkey', 'authority.key', '-CAcreateserial', '-extfile', 'extensions', '-out', 'member.crt'];
  openssl('x509', '-req', '-in', 'member.csr', ...signed);
  const tls = { cert: file('member.crt'), key: file('member.key'), ca: file('authority.crt') };
  await using guarded = await Etcd.start({ tls });
  const corefileFor = (...lines: readonly string[]) =>
    sharedPlan({ mode: 'exclusive', store: `etcd ${guarded.url}`, lines: ['replica one', ...lines] });
  await using stranger = await ServerProcess.start({ corefile: corefileFor() });
  await stranger.says(/cannot be heard: .*certificate/);
  expect(await told(stranger)).toBe(silent);
  await using known = await ServerProcess.start({ corefile: corefileFor(`store_tls ${tls.cert} ${tls.key} ${tls.ca}`) });
  await known.until(name, ({ answers }) => answers.answer === 'from');
  rmSync(folder, { recursive: true });
});
