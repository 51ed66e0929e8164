import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';

const hosts = [
  '# a comment',
  '192.0.2.1 www.example.org www alias.Example.ORG # another one',
  '192.0.2.2\twww.example.org\r',
  '2001:db8::1 www.example.org six.example.org',
  '192.0.2.9 *.wild.example.org',
  '192.0.2.10 exact.wild.example.org',
  '2001:db8::11 half.wild.example.org',
  'fe80::1%lo0 scoped.example.org',
  '::ffff:192.0.2.33 mapped.example.org',
  'not-an-address bad.example.org',
  '192.0.2.5',
  '192.0.2.6 a..b one.example.org.',
  '192.0.2.7 * *.',
].join('\n');
const files = { hosts };

describe('names', () => {
  test.each([
    ['www.example.org', 'A', ['192.0.2.1', '192.0.2.2']],
    ['www.example.org', 'AAAA', ['2001:db8::1']],
    ['WWW.example.org', 'A', ['192.0.2.1', '192.0.2.2']],
    ['www', 'A', ['192.0.2.1']],
    ['alias.example.org', 'A', ['192.0.2.1']],
    ['scoped.example.org', 'AAAA', ['fe80::1']],
    ['mapped.example.org', 'A', ['192.0.2.33']],
    ['one.example.org', 'A', ['192.0.2.6']],
  ])('%s %s is answered from the file with authority', async (name, type, addresses) => {
    await using server = await serve('.:0 {\n hosts hosts\n}', { files });
    const { flags, answers } = await server.ask(name, type);
    expect(flags).toEqual(['aa', 'rd']);
    expect(answers).toEqual(addresses.map((address) => expect.stringMatching(new RegExp(`^${name}\\. 3600 IN ${type} ${address}$`, 'i'))));
  });

  test('a name without an address of the type asked for exists, and has nothing', async () => {
    await using server = await serve('.:0 {\n hosts hosts\n}', { files });
    for (const [name, type] of [
      ['six.example.org', 'A'],
      ['mapped.example.org', 'AAAA'],
      ['www.example.org', 'TXT'],
      ['www.example.org', 'SOA'],
    ]) {
      expect(await server.ask(name ?? '', type)).toMatchObject({ rcode: 'NOERROR', flags: ['aa', 'rd'], answers: [], authorities: [] });
    }
  });

  test('a name without an entry is SERVFAIL, for there is no SOA record to say that it does not exist', async () => {
    await using server = await serve('.:0 {\n hosts hosts\n whoami\n}', { files });
    for (const [name, type] of [
      ['missing.example.org', 'A'],
      ['missing.example.org', 'MX'],
      ['bad.example.org', 'A'],
      ['example.org', 'SOA'],
    ]) {
      expect(await server.ask(name ?? '', type)).toMatchObject({ rcode: 'SERVFAIL', flags: ['rd'], additionals: [] });
    }
  });

  test('ttl is the TTL of every record', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  ttl 30\n }\n}', { files });
    expect((await server.ask('six.example.org', 'AAAA')).answers).toEqual(['six.example.org. 30 IN AAAA 2001:db8::1']);
    expect((await server.ask('2.2.0.192.in-addr.arpa', 'PTR')).answers).toEqual(['2.2.0.192.in-addr.arpa. 30 IN PTR www.example.org.']);
  });

  test('names outside the zones are passed on, and their entries left out', async () => {
    await using server = await serve('.:0 {\n hosts hosts wild.example.org\n whoami\n}', { files });
    expect((await server.ask('exact.wild.example.org')).answers).toHaveLength(1);
    expect((await server.ask('missing.b.wild.example.org')).rcode).toBe('SERVFAIL');
    expect((await server.ask('www.example.org')).additionals).toHaveLength(2);
    expect((await server.ask('1.2.0.192.in-addr.arpa', 'PTR')).additionals).toHaveLength(2);
  });
});

describe('wildcards', () => {
  test.each([
    ['a.wild.example.org', 'A', 'NOERROR', ['192.0.2.9']],
    ['*.wild.example.org', 'A', 'NOERROR', ['192.0.2.9']],
    ['a.wild.example.org', 'AAAA', 'NOERROR', []],
    ['exact.wild.example.org', 'A', 'NOERROR', ['192.0.2.10']],
    ['half.wild.example.org', 'A', 'NOERROR', ['192.0.2.9']],
    ['half.wild.example.org', 'AAAA', 'NOERROR', ['2001:db8::11']],
    ['b.a.wild.example.org', 'A', 'SERVFAIL', []],
    ['wild.example.org', 'A', 'SERVFAIL', []],
    ['org', 'A', 'SERVFAIL', []],
  ])('%s %s is %s with %j', async (name, type, rcode, addresses) => {
    await using server = await serve('.:0 {\n hosts hosts\n}', { files });
    expect(await server.ask(name, type)).toMatchObject({ rcode, answers: addresses.map((address) => `${name}. 3600 IN ${type} ${address}`) });
  });

  test('a wildcard has no reverse entry', async () => {
    await using server = await serve('.:0 {\n hosts hosts\n whoami\n}', { files });
    expect((await server.ask('9.2.0.192.in-addr.arpa', 'PTR')).additionals).toHaveLength(2);
  });
});

describe('reverse', () => {
  test.each([
    ['1.2.0.192.in-addr.arpa.', ['www.example.org.', 'www.', 'alias.example.org.']],
    ['1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.', ['www.example.org.', 'six.example.org.']],
    ['33.2.0.192.in-addr.arpa.', ['mapped.example.org.']],
    [`1.2.2.0.0.0.0.c.f.f.f.f.${'0.'.repeat(20)}ip6.arpa.`, ['mapped.example.org.']],
    [`1.2.2.0.0.0.0.C.F.F.F.F.${'0.'.repeat(20)}IP6.ARPA.`, ['mapped.example.org.']],
    [`1.0.2.0.0.0.0.c.f.f.f.f.${'0.'.repeat(20)}ip6.arpa.`, ['www.example.org.', 'www.', 'alias.example.org.']],
  ])('%s is answered with every name of the address', async (name, names) => {
    await using server = await serve('example.org:0 .:0 {\n hosts hosts\n}', { files });
    expect((await server.ask(name, 'PTR')).answers).toEqual(names.map((each) => `${name} 3600 IN PTR ${each}`));
  });

  test('reverse zones need not be among the zones', async () => {
    await using server = await serve('.:0 {\n hosts hosts example.org\n}', { files });
    expect((await server.ask('2.2.0.192.in-addr.arpa', 'PTR')).answers).toHaveLength(1);
  });

  test('no_reverse answers none', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  192.0.2.100 inline.example.org\n  no_reverse\n }\n whoami\n}', { files });
    for (const octet of [1, 100]) expect((await server.ask(`${octet}.2.0.192.in-addr.arpa`, 'PTR')).additionals).toHaveLength(2);
  });

  test('an address that no query can list in full is answered with TC', async () => {
    const many = Array.from({ length: 8000 }, (_, i) => `0.0.0.0 n${i}.example.org`).join('\n');
    await using server = await serve('.:0 {\n hosts hosts\n}', { files: { hosts: many } });
    const { flags, wire } = await server.ask('0.0.0.0.in-addr.arpa', 'PTR');
    expect(flags).toContain('tc');
    expect(wire.length).toBeLessThanOrEqual(512);
  });
});

describe('inline entries', () => {
  const corefile =
    '.:0 {\n hosts hosts {\n  192.0.2.100 inline.example.org www.example.org # here too\n  2001:db8::100 *.inline.example.org\n  fallthrough\n }\n whoami\n}';

  test('stand beside those of the file, behind them', async () => {
    await using server = await serve(corefile, { files });
    expect((await server.ask('inline.example.org')).answers).toEqual(['inline.example.org. 3600 IN A 192.0.2.100']);
    expect((await server.ask('a.inline.example.org', 'AAAA')).answers).toEqual(['a.inline.example.org. 3600 IN AAAA 2001:db8::100']);
    expect((await server.ask('www.example.org')).answers.map((line) => line.split(' ').at(-1))).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.100']);
    expect((await server.ask('100.2.0.192.in-addr.arpa', 'PTR')).answers).toEqual([
      '100.2.0.192.in-addr.arpa. 3600 IN PTR inline.example.org.',
      '100.2.0.192.in-addr.arpa. 3600 IN PTR www.example.org.',
    ]);
  });

  test('that are no entries are passed over, as in a file', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  nonsense\n  999.0.2.1 a.test\n  192.0.2.1\n  192.0.2.1 b.test\n }\n}', { files });
    expect((await server.ask('a.test')).rcode).toBe('SERVFAIL');
    expect((await server.ask('b.test')).answers).toHaveLength(1);
  });
});

describe('fallthrough', () => {
  test('passes on every name without an entry, and no name with one', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  fallthrough\n }\n whoami\n}', { files });
    expect((await server.ask('missing.example.org')).additionals).toHaveLength(2);
    expect((await server.ask('missing.example.org', 'MX')).additionals).toHaveLength(2);
    expect(await server.ask('www.example.org', 'MX')).toMatchObject({ rcode: 'NOERROR', answers: [], additionals: [] });
  });

  test('with zones passes on the names in them alone', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  fallthrough sub.example.org test\n }\n whoami\n}', { files });
    expect((await server.ask('missing.sub.example.org')).additionals).toHaveLength(2);
    expect((await server.ask('a.test', 'AAAA')).additionals).toHaveLength(2);
    expect((await server.ask('missing.example.org')).rcode).toBe('SERVFAIL');
  });

  test('fallthrough_unsupported passes on other types of names that have an entry', async () => {
    await using server = await serve('.:0 {\n hosts hosts {\n  fallthrough example.org\n  fallthrough_unsupported\n }\n whoami\n}', { files });
    expect((await server.ask('www.example.org', 'MX')).additionals).toHaveLength(2);
    expect((await server.ask('www', 'MX')).additionals).toHaveLength(0);
    expect((await server.ask('www.example.org')).answers).toHaveLength(2);
    expect(await server.ask('six.example.org', 'A')).toMatchObject({ rcode: 'NOERROR', additionals: [] });
  });
});

describe('the configuration', () => {
  test.each([
    ['hosts hosts {\n fallthrough\n 192.0.2.1 a.test\n}', "unknown property '192.0.2.1'", 4],
    ['hosts hosts {\n ttl 0\n}', 'ttl: 0 is out of range', 3],
    ['hosts hosts {\n ttl 65536\n}', 'ttl: 65536 is out of range', 3],
    ['hosts hosts {\n ttl x\n}', "ttl: 'x' is not a whole number", 3],
    ['hosts hosts {\n reload -1s\n}', 'reload: duration -1s is out of range', 3],
    ['hosts hosts {\n reload x\n}', "reload: invalid duration 'x'", 3],
    ['hosts hosts {\n fallthrough_unsupported\n}', 'fallthrough_unsupported requires fallthrough', 3],
    ['hosts hosts\nhosts hosts', 'this plugin can only be used once per Server Block', 3],
    ['hosts hosts/under', "unable to access hosts file '", 2],
  ])('refuses %j', async (directive, message, line) => {
    const refused = serve(`.:0 {\n${directive}\n}`, { files });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ problems: [{ place: { line } }] });
  });

  test('without a file takes /etc/hosts, inline entries or not', async () => {
    await using server = await serve('.:0 {\n hosts {\n  192.0.2.1 a.test\n }\n}');
    expect((await server.ask('a.test')).answers).toHaveLength(1);
    expect((await server.ask('localhost')).answers).toContain('localhost. 3600 IN A 127.0.0.1');
  });

  test('only warns of a file that is missing, and of a folder', async () => {
    await using server = await serve('.:0 {\n hosts missing\n}\na.test:0 {\n hosts {{DIR}}\n}');
    const warnings = server.lines.filter((line) => line.startsWith('[WARNING]'));
    expect(warnings).toEqual([
      expect.stringContaining(`File does not exist: ${server.directory}/missing`),
      expect.stringContaining(`Hosts file "${server.directory}" is a directory`),
    ]);
    expect((await server.ask('a.test')).rcode).toBe('SERVFAIL');
  });
});
