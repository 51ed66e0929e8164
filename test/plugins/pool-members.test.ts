// What members may be besides an address: watched by an agent, targets of SRV and MX records, names that are looked up.
import { describe, expect, test } from 'vitest';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

describe('an agent', () => {
  async function withAgent() {
    const words = { one: 'up', two: 'up' };
    const one = await tcpService({ address: '127.0.0.1', said: () => `${words.one}\r\n` });
    const two = await tcpService({ address: '127.0.0.2', port: one.port, said: () => `${words.two}\n` });
    const pool = await servePools(
      `. {\n pool www.example.org {\n member 127.0.0.1\n member 127.0.0.2\n member 127.0.0.9 backup\n agent tcp ${one.port} interval 1s\n all_down backup\n }\n }`,
    );
    const end = async () => {
      await pool[Symbol.asyncDispose]();
      await one.stop();
      await two.stop();
    };
    return { ...pool, words, one, [Symbol.asyncDispose]: end };
  }

  test.each(['drain', 'maint', 'down', 'stopped # for repair', 'fail', '0%', 'up,drain'])(
    'that says %s takes its member out, and back with ready up 100%%',
    async (word) => {
      await using it = await withAgent();
      it.words.one = word;
      await it.pass(2);
      expect(await it.addresses('www.example.org')).toEqual(['127.0.0.2']);
      it.words.one = 'ready up 100%';
      await it.pass(2);
      expect(await it.addresses('www.example.org')).toEqual(['127.0.0.1', '127.0.0.2']);
    },
  );

  test('that cannot be reached any more leaves what it said last', async () => {
    await using it = await withAgent();
    it.words.one = 'drain';
    await it.pass(2);
    await it.one.stop();
    await it.pass(20);
    expect(await it.addresses('www.example.org')).toEqual(['127.0.0.2']);
    expect(await it.metric('ferrydns_pool_member_state{member="127.0.0.1",pool="www.example.org.",state="drained"}')).toBe(1);
  });

  test('that says maint is obeyed even where all members answer because nobody is well', async () => {
    await using one = await tcpService({ address: '127.0.0.1', said: () => 'maint\n' });
    await using pool = await servePools(
      `. {\n pool www.example.org {\n member 127.0.0.1\n member 127.0.0.2\n member db.example.org 127.0.0.1 127.0.0.3 srv 1 5432\n check tcp 9\n agent tcp ${one.port}\n all_down all\n }\n }`,
    );
    await pool.pass(8);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.2']);
    expect((await pool.server.ask('www.example.org', 'SRV')).additionals).toEqual(['db.example.org. 10 IN A 127.0.0.3']);
  });

  test('brings the backup in when every member is drained or down', async () => {
    await using it = await withAgent();
    it.words.one = 'drain';
    it.words.two = 'down';
    await it.pass(2);
    // The backup's agent was never reached, which says nothing against it.
    expect(await it.addresses('www.example.org')).toEqual(['127.0.0.9']);
  });
});

describe('SRV and MX members', () => {
  test('are answered with their priorities, and a target whose addresses are all down is left out', async () => {
    const one = await tcpService({ address: '127.0.0.1' });
    const two = await tcpService({ address: '127.0.0.2', port: one.port });
    await using pool = await servePools(`. {
      pool example.org {
        member mail1.example.org 127.0.0.1 127.0.0.2 mx 10
        member mail2.example.org 127.0.0.3 mx 20
        member mail3.example.org 127.0.0.4 mx 30 backup
        check tcp ${one.port}
        all_down servfail
      }
    }`);
    const before = await pool.server.ask('example.org', 'MX');
    expect([...before.answers].sort()).toEqual(['example.org. 10 IN MX 10 mail1.example.org.', 'example.org. 10 IN MX 20 mail2.example.org.']);
    await pool.pass(8);
    const after = await pool.server.ask('example.org', 'MX');
    expect(after.answers).toEqual(['example.org. 10 IN MX 10 mail1.example.org.']);
    expect([...after.additionals].sort()).toEqual(['mail1.example.org. 10 IN A 127.0.0.1', 'mail1.example.org. 10 IN A 127.0.0.2']);
    await two.stop();
    await pool.pass(8);
    expect((await pool.server.ask('example.org', 'MX')).additionals).toEqual(['mail1.example.org. 10 IN A 127.0.0.1']);
    await one.stop();
    await pool.pass(8);
    expect((await pool.server.ask('example.org', 'MX')).rcode).toBe('SERVFAIL');
  });

  test('SRV has port and weight, scaled by the agent, and a weight of 0 drains', async () => {
    await using agent = await tcpService({ said: () => '50%\n' });
    await using pool = await servePools(`. {
      pool _imap._tcp.example.org {
        member a.example.org 127.0.0.1 srv 10 143 weight 40
        member a.example.org 127.0.0.1 srv 20 993 weight 1
        member b.example.org 127.0.0.9 srv 10 143 weight 0
        agent tcp ${agent.port}
      }
    }`);
    await pool.pass(3);
    const { answers, additionals } = await pool.server.ask('_imap._tcp.example.org', 'SRV');
    expect([...answers].sort()).toEqual([
      '_imap._tcp.example.org. 10 IN SRV 10 20 143 a.example.org.',
      '_imap._tcp.example.org. 10 IN SRV 20 1 993 a.example.org.',
    ]);
    expect(additionals).toEqual(['a.example.org. 10 IN A 127.0.0.1']);
  });
});

describe('a member given by name', () => {
  test('is looked up through this server, each of its addresses is checked, and it moves with its name', async () => {
    const one = await tcpService({ address: '127.0.0.1' });
    await using _two = await tcpService({ address: '127.0.0.2', port: one.port });
    await using pool = await servePools(`. {
      pool www.example.org {
        member db.example.net
        check tcp ${one.port}
      }
      pool empty.example.org {
        member missing.example.net
      }
      hosts {
        127.0.0.1 db.example.net
        127.0.0.2 db.example.net
        127.0.0.4 db.example.net
        ttl 5
      }
    }`);
    await expect.poll(() => pool.addresses('www.example.org')).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.4']);
    await pool.pass(8);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.1', '127.0.0.2']);
    await one.stop();
    await pool.pass(8);
    expect(await pool.addresses('www.example.org')).toEqual(['127.0.0.2']);
    expect((await pool.server.ask('empty.example.org')).rcode).toBe('SERVFAIL');
    expect(pool.server.lines.filter((line) => line.includes('member missing.example.net. cannot be looked up'))).toHaveLength(1);
  });
});
