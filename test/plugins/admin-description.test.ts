// Holds the admin address to docs/admin-api.yaml: everything described is asked of a real server, and everything served is described.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedChecks } from 'ferrydns/built-in/checks';
import type { StartContext } from 'ferrydns/plugin';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { plans } from '../../plugins/migrate/admin/collection.ts';
import { Journal } from '../../plugins/migrate/journal/journal.ts';
import { pools } from '../../plugins/pool/admin.ts';
import { queries } from '../../plugins/querylog/pages.ts';
import { shadows } from '../../plugins/shadow/pages.ts';
import { sharedAdminPages } from '../../src/plugin/admin/shared-pages.ts';
import { ajv, at, expectDescribed, expectValid, inPointer, operations, text } from '../support/admin-description.ts';
import { type Ask, ask, eventsOf, open, type Told } from '../support/http.ts';
import { type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { type Service, tcpService } from '../support/services.ts';
import { soon } from '../support/soon.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

/** What is at a console alone has a test of its own. */
const everywhere = operations.filter(({ operation }) => operation.tags?.includes('console') !== true);
const cases = everywhere.flatMap(({ path, method, operation }) =>
  Object.keys(operation.responses).map((status) => [method, path, Number(status)] as const),
);

const name = 'www.example.org';
const pool = 'db.example.org';
const token = 'the-token-of-this-test';
let folder = '';
let server: PlanServer;
/** Answers otherwise than the server. */
let other: Upstream;

const corefile = (admin: string, check = '') => `. {
  migrate ${name} {
    from 192.0.2.1
    to 192.0.2.2
    ttl 5
    transition_ttl 1
    canary 10% 50%
    admin ${admin}
    journal ${folder}/plan.journal
  }
  pool ${pool} {
    member 127.0.0.1
    member 127.0.0.3 backup
    ${check}
    failback manual
    admin ${admin}
  }
  querylog
  shadow ${other.endpoint} {
    sample 100%
  }
  whoami
}`;

const services: Service[] = [];

beforeAll(async () => {
  other = await startUpstream({ '* *': { rcode: 'REFUSED' } });
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-description-'));
});
beforeEach(() => stopTime());
afterEach(async () => {
  await server?.running.stop();
  for (const service of services.splice(0)) await service.stop();
  vi.useRealTimers();
  rmSync(join(folder, 'plan.journal'), { force: true });
});
afterAll(async () => {
  await other.stop();
  rmSync(folder, { recursive: true });
});

const portOf = ({ running }: PlanServer) => running.server.httpPort('127.0.0.1:0');
const pathOf = (path: string) =>
  path
    .replace('{plan}', name)
    .replace('{pool}', pool)
    .replace(/^\/explain$/, `/explain?name=${name}`)
    .replace(/^\/queries\/events$/, '$&?since=1h');
const json = { 'content-type': 'application/json' };
const bodyFor = (path: string, epoch = 1) =>
  JSON.stringify(/^\/(pools|reload)/.test(path) ? {} : { epoch, ...(path.endsWith('/forget') ? { replica: 'gone' } : {}) });

function request(path: string, method: string): Ask {
  return { port: portOf(server), path: pathOf(path), method, ...(method === 'POST' ? { headers: json, body: bodyFor(path) } : {}) };
}

/** Brings the plan, or the pool, to where the order can be carried out. */
const before: Readonly<Record<string, () => Promise<unknown>>> = {
  advance: async () => {
    await server.order(name, 'start');
    await server.pass(name, 10_000);
  },
  pause: () => server.order(name, 'start'),
  resume: async () => {
    await server.order(name, 'start');
    await server.order(name, 'pause');
  },
  rollback: () => server.order(name, 'start'),
  forget: async () => {
    await server.running.stop();
    await addReplica(join(folder, 'plan.journal'), 'gone');
    server = await servePlan(corefile('127.0.0.1:0'));
  },
  failback: async () => {
    await server.running.stop();
    const first = await tcpService({ address: '127.0.0.1' });
    services.push(first, await tcpService({ address: '127.0.0.3', port: first.port }));
    server = await servePlan(corefile('127.0.0.1:0', `check tcp ${first.port} dwell 0s`));
    await first.stop();
    await lookUntil(({ by }) => by === 'backup');
    await first.start();
    await lookUntil((serving) => serving.failback_pending);
  },
};

/** Lets time pass, with every check that falls due, until the pool is served so. */
async function lookUntil(done: (serving: { readonly by: string; readonly failback_pending: boolean }) => boolean): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    vi.advanceTimersByTime(1000);
    await sharedChecks({ metrics: server.running.server.metrics, now: () => Date.now() }).tick();
    const { serving } = JSON.parse((await ask(request('/pools/{pool}', 'GET'))).body);
    if (done(serving[0])) return;
  }
  throw new Error('the pool is not served so within 100 s');
}

/** Writes into a journal that a further replica is registered. */
async function addReplica(file: string, replica: string): Promise<void> {
  const journal = await Journal.open(file);
  const last = journal.entries.findLast((entry) => entry.kind === 'commit');
  if (last === undefined) throw new Error('nothing is agreed on');
  const [member] = Object.values(last.agreement.members);
  if (member === undefined) throw new Error('nobody is registered');
  const agreement = { ...last.agreement, members: { ...last.agreement.members, [replica]: { ...member, bound: false } } };
  await journal.append({ kind: 'commit', version: last.version + 1, agreement, why: 'for a test', by: 'a test' });
  await journal.close();
}

/** For each status how to have a path answered with it. */
const provoke: Readonly<Record<number, (path: string, method: string) => Promise<Told>>> = {
  200: async (path, method) => {
    await before[path.split('/')[3] ?? '']?.();
    if (/^\/(queries|shadow)/.test(path)) await server.ask('www.example.net');
    return path.endsWith('/events') ? firstEvent(path) : ask(request(path, method));
  },
  400: (path, method) =>
    ask(method === 'GET' ? { ...request(path, method), path: `${path}?hurry=1` } : { ...request(path, method), body: '{"hurry":1}' }),
  401: (path, method) => ask(request(path, method)),
  403: (path, method) => ask({ ...request(path, method), headers: { ...json, host: 'www.example.net' } }),
  404: (path, method) => ask({ ...request(path, method), path: path.replace(/\{\w+\}/, 'other.example.org') }),
  405: (path, method) => ask(request(path, method === 'GET' ? 'POST' : 'GET')),
  409: (path, method) => {
    if (path.startsWith('/reload')) writeFileSync(join(server.running.directory, 'Corefile'), '. {\n nonsense\n}');
    return ask({ ...request(path, method), body: bodyFor(path, 7) });
  },
  413: (path, method) => ask({ ...request(path, method), body: ' '.repeat(70_000) }),
  415: (path, method) => ask({ ...request(path, method), headers: { 'content-type': 'text/plain' } }),
  503: async (path, method) => {
    const streams = await Promise.all(Array.from({ length: 100 }, () => open(request(path, method))));
    const told = await ask(request(path, method));
    for (const stream of streams) stream.destroy();
    return told;
  },
};

async function firstEvent(path: string): Promise<Told> {
  const response = await open(request(path, 'GET'));
  const events = eventsOf(response);
  let { value } = await events.next();
  // A comment says that nothing has come yet.
  while (value?.name === '') ({ value } = await events.next());
  response.destroy();
  const { found, place } = at(`paths/${inPointer(path)}/get/responses/200`);
  expect(found).toHaveProperty(['content', 'text/event-stream', 'x-event-data', value?.name ?? '']);
  expectValid(JSON.parse(value?.data ?? ''), `${place}/content/${inPointer('text/event-stream')}/x-event-data/${value?.name}`);
  return { status: response.statusCode ?? 0, headers: response.headers, body: '' };
}

test.each(cases)('%s %s with %i is as described', async (method, path, status) => {
  const how = provoke[status];
  if (how === undefined) throw new Error(`nobody knows how to have ${status}`);
  server = await servePlan(corefile(status === 401 ? '127.0.0.1:0 token {{DIR}}/token' : '127.0.0.1:0'), { files: { token } });
  const told = await how(path, method);
  expect(told.status, told.body).toBe(status);
  expectDescribed(told, path, method);
});

test('what the server answers at, and how, is what is described', () => {
  const explain = () => Promise.reject(new Error('nobody asks'));
  const server = {} as StartContext['server'];
  const pages = {
    ...plans.pages(new Map()),
    ...pools.pages(new Map()),
    ...queries.pages(new Map()),
    ...shadows.pages(new Map()),
    ...sharedAdminPages({ explain, server }),
  };
  const served = Object.entries(pages).map(([path, { method }]) => `${method} ${path}`);
  expect(everywhere.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(served.sort());
});

test('a path that is not described is not there', async () => {
  server = await servePlan(corefile('127.0.0.1:0'));
  for (const path of [
    `/migrations/${name}/hurry`,
    `/migrations/${name}/start/now`,
    '/migrations/',
    '/migrations/events/more',
    `/pools/${pool}/hurry`,
    '/pools/',
  ]) {
    const told = await ask({ port: portOf(server), path });
    expect(told.status, path).toBe(404);
    expectValid(JSON.parse(told.body), 'components/schemas/Failure');
  }
});

test('the description is served', async () => {
  server = await servePlan(corefile('127.0.0.1:0'));
  expect((await ask({ port: portOf(server), path: '/openapi.yaml' })).body).toBe(text);
});

describe('an order is refused as a bad one just where the description says so', () => {
  test.each([
    ['Order', 'start', '{"epoch":9}'],
    ['Order', 'start', '{"epoch":9,"by":"ann","force":false}'],
    ['Order', 'start', '{"epoch":"9"}'],
    ['Order', 'start', '{"epoch":9.5}'],
    ['Order', 'start', '{"epoch":9,"by":""}'],
    ['Order', 'start', '{"epoch":9,"force":"yes"}'],
    ['Order', 'start', '{"epoch":9,"replica":"b"}'],
    ['Order', 'start', '[]'],
    ['ForgetOrder', 'forget', '{"epoch":9,"replica":"b"}'],
    ['ForgetOrder', 'forget', '{"epoch":9}'],
    ['ForgetOrder', 'forget', '{"epoch":9,"replica":""}'],
    ['PoolOrder', 'failback', '{}'],
    ['PoolOrder', 'failback', '{"by":"ann"}'],
    ['PoolOrder', 'failback', '{"by":""}'],
    ['PoolOrder', 'failback', '{"epoch":9}'],
    ['PoolOrder', 'failback', '[]'],
  ])('%s of %s: %s', async (schema, verb, body) => {
    server = await servePlan(corefile('127.0.0.1:0'));
    const { status } = await ask({ ...request(`${schema === 'PoolOrder' ? '/pools/{pool}' : '/migrations/{plan}'}/${verb}`, 'POST'), body });
    expect(status).toBe(ajv.validate({ $ref: `api#/components/schemas/${schema}` }, JSON.parse(body)) ? 409 : 400);
  });
});

test('the status is as described from the beginning of an exclusive move to its end', async () => {
  const plan = [
    'plan: database\nnames:\n  a.example: { from: 192.0.2.1, to: 198.51.100.1 }\n  b.example: { from: a.example.net, to: b.example.net }',
    'mode: exclusive\nttl: 5\ntransition_ttl: 1\ncountdown: 2s\nhold: 10ms\ncaches: jvm 1s\nfence: [exec, /bin/true]\nhandback: on\ngate: [exec, /bin/true]\n',
  ].join('\n');
  const options = { files: { 'database.yaml': plan } };
  server = await servePlan(`. {\n migrate database.yaml {\n admin 127.0.0.1:0\n journal ${folder}/plan.journal\n}\n whoami\n}\n`, options);
  const seen = new Set<string>();
  const look = async () => {
    const status = await server.status('database');
    seen.add(status.phase ?? '');
    expectValid(status, 'components/schemas/Status');
    await server.ask('a.example');
  };
  await look();
  await vi.waitFor(async () => expect(await server.order('database', 'start')).toBeUndefined(), soon);
  await look();
  await server.advance('database');
  await server.until('database', 'done', look);
  await look();
  expect([...seen]).toEqual(expect.arrayContaining(['original', 'lowering', 'countdown', 'flipping', 'draining', 'done']));
});

test('the status of a plan whose journal is damaged is as described', async () => {
  writeFileSync(join(folder, 'plan.journal'), '{"n":1,"nonsense":true} 12345678\n{"n":2} 12345678\n');
  server = await servePlan(corefile('127.0.0.1:0'));
  const status = await server.status(name);
  expect(status.damage).toContain('the journal is damaged');
  expectValid(status, 'components/schemas/Status');
});

test('the status of a pool is as described, whatever its members are', async () => {
  const options = ['policy least_load', 'agent tcp 9', 'check tcp 9', 'failback after 90s', 'all_down servfail', 'admin 127.0.0.1:0'].join('\n ');
  server = await servePlan(`. {
    pool ${pool} {
      member 192.0.2.1 2001:db8::1 weight 0
      member nowhere.example.org
      member a.example.org 192.0.2.2 backup
      member mail.example.org 192.0.2.3 mx 10
      member mail.example.org 192.0.2.4 srv 10 993
      ${options}
    }
    pool other.example.org {
      member 192.0.2.1
      admin 127.0.0.1:0
    }
  }`);
  const told = await ask(request('/pools', 'GET'));
  expectDescribed(told, '/pools', 'GET');
  const [first, other] = JSON.parse(told.body);
  expect(first).toMatchObject({
    pool: `${pool}.`,
    failback: 'after',
    failback_after: 90,
    serving: [{ records: 'address' }, { records: 'mx' }, { records: 'srv' }],
  });
  expect(first.members[0]).toMatchObject({
    drained: true,
    weight: 0,
    addresses: [{ up: true, agent: { up: true, admin: 'ready', percent: 100 } }, {}],
  });
  expect(other.members[0].addresses).toEqual([{ address: '192.0.2.1', up: true, drained: false, looked_at: true, agent: null }]);
});
