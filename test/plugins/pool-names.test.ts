// Members that are given by name: what is answered before their addresses are known, when they have none, and when they have too many.
import { definePlugin, type Plugin, Reply, record } from 'ferrydns/plugin';
import { describe, expect, test } from 'vitest';
import { servePools } from '../support/pool.ts';

const primary = '192.0.2.1';
const backup = '192.0.2.9';

interface Names {
  readonly plugin: Plugin;
  /** The addresses of every name of example.net. */
  addresses: readonly string[];
  /** Lets the replies go that were asked for so far, and all later ones. */
  open(): void;
}

/** Answers for names below example.net, as soon as it is open. */
function names(addresses: readonly string[]): Names {
  const { promise, resolve } = Promise.withResolvers<void>();
  const plugin = definePlugin({
    name: 'names',
    summary: 'answers for example.net',
    config: {},
    setup: () => ({
      async handle(query, next) {
        if (!query.name.endsWith('.example.net.')) return next(query);
        await promise;
        const { name, type } = query;
        const own = it.addresses.filter((address) => (address.includes(':') ? 'AAAA' : 'A') === type);
        return own.length === 0 ? Reply.empty('NOERROR') : Reply.answer(own.map((data) => record({ name, ttl: 5, type, data })));
      },
    }),
  });
  const it: Names = { plugin, addresses, open: () => resolve() };
  return it;
}

const pool = (...lines: readonly string[]) => `. {\n pool www.example.org {\n ${lines.join('\n ')}\n }\n names\n }`;

describe('at a start, a primary that is given by name', () => {
  test.each([
    ['failback manual', `member db.example.net\n member ${backup} backup`],
    ['failback after 1h', `member db.example.net\n member ${backup} backup`],
    ['policy failover\n failback manual', `member db.example.net\n member ${backup}`],
  ])('keeps its place while it is looked up (%s)', async (option, members) => {
    const source = names([primary]);
    await using it = await servePools(pool(members, option), [source.plugin]);
    const { rcode, reply } = await it.server.ask('www.example.org', 'A', { udpSize: 1232 });
    expect([rcode, reply.options.map(({ data }) => Buffer.from(data).readUInt16BE(0))]).toEqual(['SERVFAIL', [14]]);
    source.open();
    await expect.poll(() => it.addresses('www.example.org')).toEqual([primary]);
    expect(it.server.lines.join('\n')).not.toContain('backup members answer');
  });

  test('does not keep others of its rank from answering', async () => {
    await using it = await servePools(pool('member db.example.net', 'member 192.0.2.2', `member ${backup} backup`), [names([]).plugin]);
    expect(await it.addresses('www.example.org')).toEqual(['192.0.2.2']);
    expect((await it.server.ask('www.example.org', 'AAAA')).rcode).toBe('SERVFAIL');
  });

  test('leaves its place to the backup when it cannot be found, also after a reload', async () => {
    const source = names([]);
    source.open();
    const corefile = pool('member db.example.net', `member ${backup} backup`);
    await using it = await servePools(corefile, [source.plugin]);
    await expect.poll(() => it.addresses('www.example.org')).toEqual([backup]);
    expect(it.server.lines.filter((line) => line.includes('member db.example.net. cannot be looked up'))).toHaveLength(1);
    await it.server.reload(corefile.replace('member db', 'ttl 7\n member db'));
    expect((await it.server.ask('www.example.org')).answers).toEqual([`www.example.org. 7 IN A ${backup}`]);
  });
});

test('of a name with many addresses of both types, some of each are used', async () => {
  const many = Array.from({ length: 16 }, (_, i) => `192.0.2.${i + 1}`);
  const source = names([...many, '2001:db8::1', '2001:db8::2']);
  source.open();
  await using it = await servePools(pool('member db.example.net'), [source.plugin]);
  await expect.poll(() => it.addresses('www.example.org', 'AAAA')).toEqual(['2001:db8::1', '2001:db8::2']);
  expect(await it.addresses('www.example.org')).toHaveLength(14);
});
