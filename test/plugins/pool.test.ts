// Whether a pool names the right members: while some are down, when they come back, and when all are down.
import { describe, expect, test } from 'vitest';
import { servePools } from '../support/pool.ts';
import { httpService, tcpService } from '../support/services.ts';
import { startUpstream } from '../support/upstream.ts';

const first = '127.0.0.1';
const second = '127.0.0.2';
const backup = '127.0.0.3';

/** Two members with a service each, on one port, and a backup member. */
async function twoAndBackup(options = '') {
  const one = await tcpService({ address: first });
  const two = await tcpService({ address: second, port: one.port });
  const pool = await servePools(`. {
    metadata
    log . {/pool/member}
    pool www.example.org {
      member ${first}
      member ${second}
      member ${backup} backup
      check tcp ${one.port} interval 2s timeout 500ms fall 3 rise 2 dwell 5s
      ${options}
    }
    whoami
  }`);
  const stopAll = async () => {
    await pool[Symbol.asyncDispose]();
    await one.stop();
    await two.stop();
  };
  return { ...pool, one, two, [Symbol.asyncDispose]: stopAll };
}

describe('a pool', () => {
  test('names every member that is well, with its TTL, and leaves the backup out', async () => {
    await using it = await twoAndBackup('ttl 7');
    const { answers, flags } = await it.server.ask('WWW.example.org');
    expect([...answers].sort()).toEqual([`WWW.example.org. 7 IN A ${first}`, `WWW.example.org. 7 IN A ${second}`]);
    expect(flags).toContain('aa');
  });

  test('counts members as up before anybody has looked', async () => {
    await using pool = await servePools(`. {\n pool www.example.org {\n member ${first}\n check tcp 1\n }\n }`);
    expect(await pool.addresses('www.example.org')).toEqual([first]);
    expect(await pool.metric(`ferrydns_pool_checks_total{check="tcp 1",member="${first}",pool="www.example.org.",result="failed"}`)).toBeUndefined();
  });

  test('leaves a member out within fall × interval after its end', async () => {
    await using it = await twoAndBackup();
    await it.pass(4);
    await it.one.stop();
    await it.pass(6);
    expect(await it.addresses('www.example.org')).toEqual([second]);
  });

  test('keeps a member that fails less often in a row than `fall`', async () => {
    await using it = await twoAndBackup();
    await it.pass(4);
    await it.one.stop();
    await it.pass(3.5);
    await it.one.start();
    await it.pass(20);
    expect(await it.addresses('www.example.org')).toEqual([first, second]);
    expect(await it.metric(`ferrydns_pool_transitions_total{member="${first}",pool="www.example.org.",state="down"}`)).toBeUndefined();
  });

  test('takes a member back only when it has been well `rise` times and out for `dwell`', async () => {
    await using it = await twoAndBackup();
    await it.one.stop();
    await it.pass(6);
    await it.one.start();
    expect(await it.addresses('www.example.org')).toEqual([second]);
    await it.pass(3);
    expect(await it.addresses('www.example.org')).toEqual([second]);
    await it.pass(6);
    expect(await it.addresses('www.example.org')).toEqual([first, second]);
  });

  test('gives the backup member only when every other one is down', async () => {
    await using it = await twoAndBackup();
    await using _spare = await tcpService({ address: backup, port: it.one.port });
    await it.one.stop();
    await it.pass(6);
    expect(await it.addresses('www.example.org')).toEqual([second]);
    await it.two.stop();
    await it.pass(6);
    expect(await it.addresses('www.example.org')).toEqual([backup]);
  });

  test('answers its name and nothing else, and NOERROR without records for other types', async () => {
    await using it = await twoAndBackup();
    expect((await it.server.ask('other.example.org')).additionals).toHaveLength(2);
    for (const type of ['AAAA', 'TXT', 'HTTPS']) {
      const { rcode, answers, additionals } = await it.server.ask('www.example.org', type);
      expect([rcode, answers, additionals]).toEqual(['NOERROR', [], []]);
    }
  });

  test('passes on other types with fallthrough, but never A or AAAA', async () => {
    await using it = await twoAndBackup('fallthrough');
    expect((await it.server.ask('www.example.org', 'TXT')).additionals).toHaveLength(2);
    expect((await it.server.ask('www.example.org', 'AAAA')).additionals).toHaveLength(0);
  });

  test('answers ANY with the type of address that its members have', async () => {
    await using pool = await servePools('. {\n pool www.example.org {\n member 2001:db8::1\n }\n }');
    expect(await pool.addresses('www.example.org', 'ANY')).toEqual(['2001:db8::1']);
  });

  test('says in metadata whom it named', async () => {
    await using it = await twoAndBackup('max_answers 1\n policy failover');
    await it.server.ask('www.example.org');
    expect(it.server.lines.at(-1)).toBe(`[INFO] ${first}`);
  });

  test('gives both families of a member that is on one line', async () => {
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 192.0.2.1 2001:DB8:0::1\n member 192.0.2.2 2001:db8::2\n policy failover\n }\n }`,
    );
    expect(await pool.addresses('www.example.org')).toEqual(['192.0.2.1']);
    expect(await pool.addresses('www.example.org', 'AAAA')).toEqual(['2001:db8::1']);
  });

  test('stands before the cache, so that a change is seen at once', async () => {
    await using it = await twoAndBackup('ttl 3600\n }\n cache {\n success 1000');
    expect(await it.addresses('www.example.org')).toEqual([first, second]);
    await it.one.stop();
    await it.pass(8);
    expect(await it.addresses('www.example.org')).toEqual([second]);
  });
});

describe('when every member is down', () => {
  async function allDown(option: string) {
    const it = await twoAndBackup(option);
    // The second leaves first, so that "the last answer" and "all members" differ; the backup was never alive.
    await it.two.stop();
    await it.pass(8);
    await it.one.stop();
    await it.pass(8);
    return it;
  }

  test.each(['', 'all_down hold'])('the last answer is held (%s)', async (option) => {
    await using it = await allDown(option);
    expect(await it.addresses('www.example.org')).toEqual([first]);
    expect(await it.metric('ferrydns_pool_serving{by="hold",pool="www.example.org.",records="address"}')).toBe(1);
  });

  test('all: the members answer as if all were up', async () => {
    await using it = await allDown('all_down all');
    expect(await it.addresses('www.example.org')).toEqual([first, second]);
  });

  test('backup: the backup answers', async () => {
    await using it = await allDown('all_down backup');
    expect(await it.addresses('www.example.org')).toEqual([backup]);
  });

  test('servfail: SERVFAIL is answered, with the reason for those that speak EDNS', async () => {
    await using it = await allDown('all_down servfail');
    expect((await it.server.ask('www.example.org')).rcode).toBe('SERVFAIL');
    const { reply } = await it.server.ask('www.example.org', 'A', { udpSize: 1232 });
    expect(reply.options.map(({ code }) => code)).toEqual([15]);
    expect(await it.metric('ferrydns_pool_members_up{pool="www.example.org."}')).toBe(0);
  });

  test('the first that is well again answers', async () => {
    await using it = await allDown('all_down servfail');
    await it.two.start();
    await it.pass(9);
    expect(await it.addresses('www.example.org')).toEqual([second]);
  });
});

describe('checks', () => {
  test('http looks at the status, and asks for the name of the pool', async () => {
    const seen = new Set<string>();
    let status = 200;
    await using service = await httpService({
      status: ({ host, url }) => {
        seen.add(`${host} ${url}`);
        return status;
      },
    });
    const corefile = (expected: string) =>
      `. {\n pool www.example.org {\n member ${first}\n member ${backup} backup\n check http :${service.port}/healthz?deep=1 ${expected} fall 1 dwell 0s\n all_down backup\n }\n }`;
    await using pool = await servePools(corefile(''));
    await pool.pass(3);
    expect([...seen]).toEqual(['www.example.org /healthz?deep=1']);
    status = 404;
    await pool.pass(2);
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
    await pool.server.reload(corefile('404'));
    await pool.pass(5);
    expect(await pool.addresses('www.example.org')).toEqual([first]);
  });

  test('dns wants NOERROR and a record', async () => {
    const upstream = await startUpstream({ 'probe.example.org A': ['probe.example.org 5 A 192.0.2.1'] });
    const corefile = `. {\n pool www.example.org {\n member ${first}\n member ${backup} backup\n all_down backup\n check dns probe.example.org A port ${upstream.port} fall 2 dwell 0s\n }\n }`;
    await using pool = await servePools(corefile);
    await pool.pass(10);
    expect(await pool.addresses('www.example.org')).toEqual([first]);
    upstream.script = { '* *': [] };
    await pool.pass(4);
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
    await upstream.stop();
  });

  test('of the same thing are made once, for all pools and over a reload, and end with the last pool', async () => {
    await using service = await tcpService();
    const pools = (...names: string[]) =>
      `. {\n ${names.map((name) => `pool ${name} {\n member ${first}\n check tcp ${service.port} interval 2s\n }`).join('\n')}\n whoami\n }`;
    await using it = await servePools(pools('a.example.org', 'b.example.org'));
    await it.pass(2);
    const before = service.visits;
    expect(before).toBeLessThanOrEqual(2);
    await it.server.reload(pools('c.example.org', 'a.example.org', 'b.example.org'));
    await it.pass(20);
    expect(service.visits - before).toBeGreaterThanOrEqual(10);
    expect(service.visits - before).toBeLessThanOrEqual(12);
    await it.server.reload(pools());
    const after = service.visits;
    await it.pass(10);
    expect(service.visits).toBe(after);
    expect(await it.server.metrics()).not.toContain('ferrydns_pool_members_up{');
  });

  test('that knew a member to be down know it after a reload that changes what they look at', async () => {
    const service = await tcpService();
    const { port } = service;
    await service.stop();
    const corefile = (check: string) =>
      `. {\n pool www.example.org {\n member ${first}\n member ${backup} backup\n check ${check} fall 2 rise 2\n all_down backup\n }\n }`;
    await using well = await httpService({ status: () => 200 });
    await using pool = await servePools(corefile(`tcp ${port}`));
    await pool.pass(5);
    await pool.server.reload(corefile(`http :${well.port}/`));
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
    await pool.pass(1);
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
    await pool.pass(2);
    expect(await pool.addresses('www.example.org')).toEqual([first]);
  });

  test('that knew a member to be down know it after a reload that changes their pace', async () => {
    const service = await tcpService();
    const { port } = service;
    await service.stop();
    const corefile = (fall: number) =>
      `. {\n pool www.example.org {\n member ${first}\n member ${backup} backup\n check tcp ${port} fall ${fall}\n all_down backup\n }\n }`;
    await using pool = await servePools(corefile(2));
    await pool.pass(5);
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
    await pool.server.reload(corefile(5));
    expect(await pool.addresses('www.example.org')).toEqual([backup]);
  });
});

describe('metrics', () => {
  test('count checks, transitions and answers by member, and show states', async () => {
    await using it = await twoAndBackup('policy failover');
    await it.server.ask('www.example.org');
    await it.server.ask('www.example.org');
    await it.one.stop();
    await it.pass(6.5);
    const own = `pool="www.example.org."`;
    expect(await it.metric(`ferrydns_pool_answers_total{member="${first}",${own}}`)).toBe(2);
    expect(await it.metric(`ferrydns_pool_members_up{${own}}`)).toBe(1);
    expect(await it.metric(`ferrydns_pool_member_state{member="${first}",${own},state="down"}`)).toBe(1);
    expect(await it.metric(`ferrydns_pool_member_state{member="${first}",${own},state="up"}`)).toBeUndefined();
    expect(await it.metric(`ferrydns_pool_transitions_total{member="${first}",${own},state="down"}`)).toBe(1);
    const checked = `ferrydns_pool_checks_total{check="tcp ${it.one.port}",member="${second}",${own},result="passed"}`;
    expect(await it.metric(checked)).toBeGreaterThanOrEqual(3);
  });
});
