// What is answered around a move: types that the plan does not answer, names that lead through a moved one, hints, and client subnets.
import { makeQuery, type Name, Reply, record } from 'ferrydns/plugin';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Answering } from '../../plugins/migrate/answer/answering.ts';
import { Guard } from '../../plugins/migrate/answer/guard.ts';
import { SideAddresses } from '../../plugins/migrate/answer/side-addresses.ts';
import { PlanMetrics } from '../../plugins/migrate/metrics.ts';
import { Follower } from '../../plugins/migrate/workers/follower.ts';
import type { Snapshot } from '../../plugins/migrate/workers/snapshot.ts';
import { makeLogger } from '../../src/log/logger.ts';
import { MetricsRegistry } from '../../src/metrics/registry.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { ask } from '../support/client.ts';
import { addressesOf, type PlanServer, servePlan, stopTime } from '../support/migration.ts';
import { type Script, startUpstream, type Upstream } from '../support/upstream.ts';

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

const db = 'db.example.org';
const alias = 'alias.example.org';
const soa = 'example.org 300 SOA ns.example.org. admin.example.org. 1 3600 600 86400 60';
const old = ['old.vendor.net 20 A 192.0.2.1'];
const moving = [`${db} 20 CNAME old.vendor.net`, ...old];
const others = ['TXT', 'MX', 'CAA', 'CNAME', 'SRV', 'NS'];

function corefile(upstream: Upstream, ...options: readonly string[]): string {
  return `. {\n migrate ${db} {\n from 192.0.2.1\n to 198.51.100.1\n ttl 5\n transition_ttl 2\n admin 127.0.0.1:0\n ${options.join('\n ')}\n}\n forward . ${upstream.endpoint}\n}\n`;
}

const exclusive = ['mode exclusive', 'fence exec /bin/true'];

/** Begins the move once the TTL of before is known. */
async function start(server: PlanServer): Promise<void> {
  await server.when(db, ({ upstream }) => upstream.before !== null);
  expect(await server.order(db, 'start')).toBeUndefined();
}

async function finish(server: PlanServer): Promise<void> {
  await start(server);
  await server.advance(db);
  await server.until(db, 'done');
}

/** A plan in exclusive mode before this upstream, brought as far as `reach` brings it. */
async function serveBefore(
  script: Script,
  reach: (server: PlanServer) => Promise<void>,
): Promise<AsyncDisposable & Pick<PlanServer, 'ask' | 'running'>> {
  const upstream = await startUpstream(script);
  const server = await servePlan(corefile(upstream, ...exclusive));
  await reach(server);
  return {
    running: server.running,
    ask: server.ask,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await upstream.stop();
    },
  };
}

describe('a type that the plan has no answer for', () => {
  const script = {
    [`${db} *`]: moving,
    [`${alias} *`]: [`${alias} 60 CNAME ${db}`, ...moving],
    'mail.example.org MX': { answer: [`mail.example.org 60 MX 10 ${db}`], additional: [`${db} 20 CNAME old.vendor.net`] },
  };

  test.each([
    ['from the start of the move', start],
    ['when it is done', finish],
  ])('shows nothing of where the upstream leads, %s', async (_, reach) => {
    await using server = await serveBefore(script, reach);
    for (const type of others) {
      const { rcode, answers, authorities, additionals } = await server.ask(db, type);
      expect([type, rcode, answers, authorities, additionals]).toEqual([type, 'NOERROR', [], [], []]);
    }
    for (const type of [...others, 'ANY']) {
      const { rcode, answers } = await server.ask(alias, type);
      expect([type, rcode, answers]).toEqual([type, 'NOERROR', [`${alias}. 60 IN CNAME ${db}.`]]);
    }
    const mail = await server.ask('mail.example.org', 'MX');
    expect([mail.answers.length, mail.additionals]).toEqual([1, []]);
  });

  test('is what the upstream says before the move', async () => {
    await using server = await serveBefore(script, async () => {});
    expect((await server.ask(db, 'TXT')).answers).toHaveLength(2);
    expect((await server.ask(alias, 'TXT')).answers).toHaveLength(3);
  });

  test('is what the upstream says as long as it leads nowhere', async () => {
    const text = [`${db} 20 TXT "hello"`];
    await using server = await serveBefore(
      { [`${db} A`]: moving, [`${db} TXT`]: text, [`${alias} TXT`]: [`${alias} 60 CNAME ${db}`, ...text] },
      start,
    );
    expect((await server.ask(db, 'TXT')).answers).toEqual([`${db}. 20 IN TXT "hello"`]);
    expect((await server.ask(alias, 'TXT')).answers).toEqual([`${alias}. 60 IN CNAME ${db}.`, `${db}. 20 IN TXT "hello"`]);
  });

  test('does not show a DNAME that makes the CNAME of a moved name', async () => {
    const made = ['example.org 60 DNAME vendor.net', `${db} 60 CNAME db.vendor.net`];
    await using server = await serveBefore({ [`${db} A`]: moving, [`${db} TXT`]: made }, start);
    expect((await server.ask(db, 'TXT')).answers).toEqual([]);
  });

  test('shows no addresses of the moved name that an answer to ANY for an alias brings along', async () => {
    await using server = await serveBefore({ [`${alias} ANY`]: [`${alias} 60 CNAME ${db}`, `${db} 20 A 192.0.2.1`], [`${db} *`]: moving }, start);
    expect((await server.ask(alias, 'ANY', { transport: 'tcp' })).answers).toEqual([`${alias}. 60 IN CNAME ${db}.`]);
  });
});

describe('a moved name that the upstream denies', () => {
  const denial = { rcode: 'NXDOMAIN', authority: [soa, 'd.example.org 60 NSEC \\# 6 00 00 01 40 00 00'] };
  const script = {
    [`${db} *`]: denial,
    [`${alias} *`]: { ...denial, answer: [`${alias} 60 CNAME ${db}`] },
    '* *': denial,
  };

  test.each([
    ['before the move', async () => {}],
    ['in the move', (server: PlanServer) => server.order(db, 'start')],
  ])('has nothing of another type, which holds for that type as long as the SOA says, %s', async (_, reach) => {
    await using server = await serveBefore(script, async (each) => void (await reach(each)));
    const told = await server.ask(db, 'TXT');
    expect([told.rcode, told.answers, told.authorities.length]).toEqual(['NOERROR', [], 1]);
    expect(told.authorities[0]).toMatch(/^example\.org\. 300 IN SOA /);
    const behind = await server.ask(alias, 'TXT');
    expect([behind.rcode, behind.answers]).toEqual(['NOERROR', [`${alias}. 60 IN CNAME ${db}.`]]);
    expect((await server.ask('other.example.org', 'TXT')).rcode).toBe('NXDOMAIN');
  });

  test('is where its aliases lead all the same', async () => {
    await using server = await serveBefore(script, async () => {});
    const { rcode, answers, authorities } = await server.ask(alias);
    expect([rcode, answers, authorities]).toEqual(['NOERROR', [`${alias}. 60 IN CNAME ${db}.`, `${db}. 5 IN A 192.0.2.1`], []]);
  });

  test('is not denied with what its CNAME of the upstream denies', async () => {
    const gone = { rcode: 'NXDOMAIN', answer: [`${db} 20 CNAME old.vendor.net`], authority: [soa.replaceAll('example.org', 'vendor.net')] };
    await using server = await serveBefore({ [`${db} A`]: moving, [`${db} TXT`]: gone }, start);
    const { rcode, answers, authorities } = await server.ask(db, 'TXT');
    expect([rcode, answers, authorities]).toEqual(['NOERROR', [], []]);
  });
});

describe('a process that answers by what another one grants', () => {
  const clock = { now: 0 };
  const snapshot: Snapshot = { how: { kind: 'fixed', answer: 'from', ttl: 30 }, phase: 'original', damage: undefined, flip: undefined, lasts: 3000 };
  // As a cache behind gives it.
  const kept = Reply.answer([
    record({ name: `${alias}.`, type: 'CNAME', ttl: 3600, data: `${db}.` }),
    record({ name: `${db}.`, type: 'A', ttl: 3600, data: '192.0.2.1' }),
  ]);

  function granted(): { readonly follower: Follower; readonly told: (type: string) => Promise<string[]> } {
    clock.now = 0;
    const now = () => clock.now;
    const text = `plan: db\nnames:\n  ${db}: { from: 192.0.2.1, to: 198.51.100.1 }\nmode: exclusive\nttl: 30\nhold: 0s\n`;
    const { move } = readPlanFile(text, 'plan.yaml');
    const follower = new Follower({ plan: move.plan, now, wall: now });
    follower.hear({ kind: 'grant', number: 1, snapshot, asked: { [follower.message().follower]: 0 } });
    const metrics = new PlanMetrics(new MetricsRegistry(), 'db');
    const log = makeLogger(() => {}, { debug: false, form: 'text' });
    const surroundings = {
      pool: () => undefined,
      service: () => ({ addresses: [], known: false, trouble: undefined }),
      resolve: () => Reply.decline('SERVFAIL'),
    };
    const sideAddresses = new SideAddresses({ move, surroundings, active: follower, now });
    const guard = new Guard({ move, hits: metrics.guardHits, log, sideAddresses, isOthers: () => false });
    const answering = new Answering({ move, active: follower, surroundings, guard, metrics, now, asksBehind: () => false, overruled: () => {} });
    const client = { address: '127.0.0.1', port: 1, family: 4, transport: 'udp', localAddress: '127.0.0.1', localPort: 53 } as const;
    const told = async (type: string) => {
      const query = makeQuery({ name: `${alias}.` as Name, type, client, receivedAt: clock.now });
      const { answers } = await answering.answer(query, () => kept);
      return answers.map((each) => `${each.type} ${each.ttl}`);
    };
    return { follower, told };
  }

  test('leaves aliases to the upstream before the move', async () => {
    const { told } = granted();
    expect(await told('A')).toEqual(['CNAME 3600', 'A 3600']);
  });

  test.each([
    ['its time is over', () => void Object.assign(clock, { now: 60_000 })],
    ['it is withdrawn', (follower: Follower) => void follower.hear({ kind: 'withdraw' })],
  ])('leads nobody to A by an alias when what it was granted before the move is void: %s', async (_, end) => {
    const { follower, told } = granted();
    end(follower);
    expect(follower.steering().kind).toBe('silent');
    expect(await told('A')).toEqual([]);
    expect(await told('TXT')).toEqual(['CNAME 3600']);
  });
});

describe('after the flip', () => {
  // Priority 1, the owner itself, and a list of addresses: RFC 9460 section 2.2.
  const hint4 = (last: string) => `\\# 11 0001 00 0004 0004 c00002${last}`;
  const hint6 = '\\# 39 0001 00 0006 0020 20010db8000000000000000000000009 20010db8000000000000000000000001';

  test('a record of another name that has A among its hints is left out', async () => {
    const web = 'web.example.org';
    const upstream = await startUpstream({
      [`${db} A`]: moving,
      [`${web} HTTPS`]: [`${web} 60 HTTPS ${hint4('01')}`, `${web} 60 HTTPS ${hint4('07')}`],
      [`_dns.${web} SVCB`]: [`_dns.${web} 60 SVCB ${hint6}`],
      [`beside.${web} MX`]: { answer: [`beside.${web} 60 MX 10 ${web}`], additional: [`${web} 60 HTTPS ${hint4('01')}`] },
    });
    const text = corefile(upstream, ...exclusive)
      .replace('from 192.0.2.1', 'from 192.0.2.1 2001:db8::1')
      .replace('to 198.51.100.1', 'to 198.51.100.1 2001:db8::2');
    await using server = await servePlan(text);
    expect((await server.ask(web, 'HTTPS')).answers).toHaveLength(2);
    await finish(server);
    expect((await server.ask(web, 'HTTPS')).answers).toHaveLength(1);
    const none = await server.ask(`_dns.${web}`, 'SVCB');
    expect([none.rcode, none.answers]).toEqual(['NOERROR', []]);
    expect((await server.ask(`beside.${web}`, 'MX')).additionals).toEqual([]);
    expect(await server.running.metrics()).toContain(`ferrydns_migration_guard_hits_total{plan="${db}"} 3`);
    await upstream.stop();
  });
});

describe('a query that carries a client subnet (RFC 7871)', () => {
  const subnetOption = 8;
  const subnet = (i: number, scope = '00') => `000118${scope}cb00${i.toString(16).padStart(2, '0')}`;

  /** The address that was given, and the option of the answer in hex. */
  async function told(
    server: PlanServer,
    name: string,
    option: string | undefined,
  ): Promise<{ address: string | undefined; option: string | undefined }> {
    const words = option === undefined ? '+edns' : `+option=${subnetOption}:${option}`;
    const { reply } = await ask({ port: server.running.port }, `${name} A ${words}`);
    return { address: reply?.answer.at(-1)?.data, option: reply?.opt?.options.find(({ code }) => code === subnetOption)?.data };
  }

  async function transition(server: PlanServer): Promise<void> {
    await start(server);
    await server.advance(db);
  }

  const script = { [`${db} *`]: moving, [`${alias} A`]: [`${alias} 60 CNAME ${db}`, ...moving] };

  test('is told that the answer of a canary is for this subnet', async () => {
    const upstream = await startUpstream(script);
    await using server = await servePlan(corefile(upstream, 'canary 50%'));
    await transition(server);
    for (const name of [db, alias]) {
      const seen = new Set<string | undefined>();
      for (let i = 0; i < 16; i++) {
        const { address, option } = await told(server, name, subnet(i));
        expect(option).toBe(subnet(i, '18'));
        seen.add(address);
      }
      expect(seen).toEqual(new Set(['192.0.2.1', '198.51.100.1']));
    }
    await upstream.stop();
  });

  test.each([
    ['before the transition', 'canary 50%', start],
    ['by weight', 'weight 50', transition],
  ])('is told that an answer is for everybody that is given %s', async (_, option, reach) => {
    const upstream = await startUpstream(script);
    await using server = await servePlan(corefile(upstream, option));
    await reach(server);
    expect((await told(server, db, subnet(1))).option).toBe(subnet(1));
    await upstream.stop();
  });

  test.each([
    ['none is sent', undefined, undefined],
    ['it is not to be used', '00010000', '00010000'],
    ['its address is longer than it says', '00010800cb00', undefined],
    ['there are bits behind its prefix', '00010900cbff', undefined],
  ])('is answered by the address of who asks when %s', async (_, sent, echoed) => {
    const upstream = await startUpstream(script);
    await using server = await servePlan(corefile(upstream, 'canary 50%'));
    await transition(server);
    const plain = addressesOf(await server.ask(db));
    const { address, option } = await told(server, db, sent);
    expect([[address], option]).toEqual([plain, echoed]);
    await upstream.stop();
  });

  test('is told how much of it the upstream has gone by, where the plan leads to a name', async () => {
    const upstream = await startUpstream({
      'old.vendor.net A': { answer: old, opt: { options: [{ code: subnetOption, data: subnet(1, '14') }] } },
      [`${db} *`]: moving,
    });
    await using server = await servePlan(corefile(upstream).replace('from 192.0.2.1', 'from old.vendor.net'));
    await start(server);
    expect(await told(server, db, subnet(1))).toEqual({ address: '192.0.2.1', option: subnet(1, '14') });
    await upstream.stop();
  });
});
