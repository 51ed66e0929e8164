import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { faulty } from '../support/faulty.ts';
import { writeMessage } from '../support/message.ts';
import { block, refusal } from '../support/refusal.ts';
import { startUpstream } from '../support/upstream.ts';

const soa = {
  name: 'test.',
  type: 'SOA',
  ttl: 60,
  data: { mname: 'ns.test.', rname: 'h.test.', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
};
const ns = record({ name: 'sub.test.', type: 'NS', ttl: 60, data: 'ns.sub.test.' });
const long = Array.from({ length: 60 }, (_, i) => record({ name: 'long.test.', type: 'A', ttl: 60, data: `192.0.2.${i}` }));
const chain = [
  record({ name: 'chain.test.', type: 'CNAME', ttl: 60, data: 'other.chain.test.' }),
  record({ name: 'other.chain.test.', type: 'MX', ttl: 60, data: { preference: 10, exchange: 'mail.chain.test.' } }),
];

/** A reply as it comes from an upstream. */
function received(name: string, opt?: { readonly size: number }): Reply {
  const questions = [{ name, type: 'A', class: 'IN' }];
  return Reply.fromWire(writeMessage({ id: 1, flags: ['qr', 'ra'], questions, answer: [`${name} 60 A 192.0.2.1`], opt }));
}

/** An answer that comes with a signature, valid for the day around this time in seconds. */
function signed(name: string, time: number): Reply {
  const data = Buffer.from('000108020000003ceeeeeeee111111110001047465737400ff', 'hex');
  data.writeUInt32BE(time + 43_200, 8);
  data.writeUInt32BE(time - 43_200, 12);
  return Reply.answer([record({ name, type: 'A', ttl: 60, data: '192.0.2.1' }), record({ name, type: 'RRSIG', ttl: 60, data })]);
}

const replies: Readonly<Record<string, () => Reply>> = {
  'a.test.': () => Reply.answer([record({ name: 'a.test.', type: 'A', ttl: 60, data: '192.0.2.1' })]),
  'gone.test.': () => Reply.empty('NXDOMAIN'),
  'nodata.test.': () => Reply.empty('NOERROR', { authorities: [record(soa)] }),
  'sub.test.': () => Reply.empty('NOERROR', { authorities: [ns], authoritative: false }),
  'refused.test.': () => Reply.empty('REFUSED'),
  'long.test.': () => Reply.answer(long, { recursionAvailable: true, authenticData: true }),
  'chain.test.': () => Reply.answer(chain),
  'wire.test.': () => received('wire.test.'),
  'wire-opt.test.': () => received('wire-opt.test.', { size: 1232 }),
  'fresh.test.': () => signed('fresh.test.', Math.floor(Date.now() / 1000)),
  'stale.test.': () => signed('stale.test.', 1_000_000_000),
  'odd.test.': () => Reply.empty('RCODE12'),
};
const scripted = {
  plugin: definePlugin({
    name: 'scripted',
    summary: 'answers by a table',
    config: {},
    setup: () => ({ handle: (query, next) => replies[query.name]?.() ?? next(query) }),
  }),
  place: { before: 'whoami' },
};
const plugins = { plugins: [scripted, faulty] };
const logged = async (directives: readonly string[], names: readonly string[]) => {
  await using server = await serve(block(...directives, 'scripted', 'faulty'), plugins);
  for (const name of names) await server.ask(name, 'A', { timeout: name.startsWith('drop') ? 100 : 2000 }).catch(() => undefined);
  return server.lines.filter((line) => line.startsWith('[INFO]'));
};
const classed = ['a.test', 'gone.test', 'nodata.test', 'sub.test', 'refused.test', 'fail.test', 'drop.test', 'later.test'];

test('log writes the common format', async () => {
  await using server = await serve(block('log', 'scripted'), plugins);
  await server.ask('A.test', 'A', { udpSize: 1232, checkingDisabled: true });
  await server.ask('a.test', 'A', { transport: 'tcp', recursionDesired: false });
  expect(server.lines[0]).toMatch(/^\[INFO\] 127\.0\.0\.1:\d+ - \d+ "A IN a\.test\. udp 35 false 1232" NOERROR qr,aa,rd,cd 46 0(\.\d+)?s$/);
  expect(server.lines[1]).toMatch(/^\[INFO\] 127\.0\.0\.1:\d+ - \d+ "A IN a\.test\. tcp 24 false 65535" NOERROR qr,aa 46 0(\.\d+)?s$/);
});

test('log knows every placeholder, and leaves others as they are', async () => {
  const format =
    '{type} {class} {name} {proto} {size} {remote} {local} {>opcode} {>do} {>bufsize} {rcode} {>rflags} {rsize} {nonsense} { {name} } {/no/such} }{';
  expect(await logged([`log . "${format}"`], ['a.test'])).toEqual([
    '[INFO] A IN a.test. udp 24 127.0.0.1 127.0.0.1 0 false 512 NOERROR qr,aa,rd 46 {nonsense} { a.test. } - }{',
  ]);
});

test('the names of formats stand for them', async () => {
  const [line] = await logged(['log . "{combined} | {common}"'], ['a.test']);
  expect(line).toMatch(/"A IN a\.test\. udp 24 false 512" NOERROR qr,aa,rd 46 \S+s "0" \| 127/);
});

test('the size is that of the reply uncompressed and uncut, and tc says that it was cut', async () => {
  expect(await logged(['log . "{>rflags} {rsize}"'], ['long.test'])).toEqual([`[INFO] qr,aa,tc,rd,ra,ad ${27 + 60 * 25}`]);
});

test('the size is as if no name were compressed, with the OPT record that an upstream sent', async () => {
  const question = (name: string) => 12 + name.length + 2 + 4;
  const owner = (name: string) => name.length + 2 + 10;
  expect(await logged(['log . "{rsize}"'], ['chain.test', 'wire.test', 'wire-opt.test'])).toEqual([
    `[INFO] ${question('chain.test') + owner('chain.test') + 18 + owner('other.chain.test') + 2 + 17}`,
    `[INFO] ${question('wire.test') + owner('wire.test') + 4}`,
    `[INFO] ${question('wire-opt.test') + owner('wire-opt.test') + 4 + 11}`,
  ]);
});

test('what fails, or is not answered, is logged as the client sees it', async () => {
  const lines = await logged(
    ['errors', 'log . "{name} {rcode} {>rflags} {rsize}"'],
    ['fail.test', 'later-fail.test', 'drop.test', 'panic.test', 'odd.test'],
  );
  expect(lines).toEqual([
    '[INFO] fail.test. SERVFAIL qr,rd 27',
    '[INFO] later-fail.test. SERVFAIL qr,rd 33',
    '[INFO] drop.test. - - 0',
    '[INFO] panic.test. SERVFAIL qr,rd 28',
    '[INFO] odd.test. 12 qr,aa,rd 26',
  ]);
});

test.each([
  ['success', ['a.test.', 'sub.test.']],
  ['denial', ['gone.test.', 'nodata.test.', 'later.test.']],
  ['error', ['refused.test.', 'fail.test.', 'drop.test.']],
  ['denial error', ['gone.test.', 'nodata.test.', 'refused.test.', 'fail.test.', 'drop.test.', 'later.test.']],
  ['success all', classed.map((name) => `${name}.`)],
])('class %s logs %j', async (classes, expected) => {
  const lines = await logged([`log . "{name}" {\nclass ${classes}\n}`], classed);
  expect(lines).toEqual(expected.map((name) => `[INFO] ${name}`));
});

test('class lines add up', async () => {
  const lines = await logged(['log . "{name}" {\nclass success\nclass denial\n}'], ['a.test', 'gone.test', 'refused.test']);
  expect(lines).toEqual(['[INFO] a.test.', '[INFO] gone.test.']);
});

test('only the first rule for a name counts, even if its classes reject the reply', async () => {
  const lines = await logged(['log Sub.test {\nclass error\n}', 'log . "all {name}"'], ['a.test', 'sub.test', 'badsub.test']);
  expect(lines).toEqual(['[INFO] all a.test.', '[INFO] all badsub.test.']);
});

test('a format alone is a name', async () => {
  expect(await logged(['log "{name}"'], ['a.test'])).toEqual([]);
});

test('several names share a format', async () => {
  expect(await logged(['log a.test gone.test. "{name}"'], ['a.test', 'gone.test', 'sub.test'])).toEqual(['[INFO] a.test.', '[INFO] gone.test.']);
});

test('the format may show what metadata knows, the class and type of the reply among it', async () => {
  const names = ['a.test', 'gone.test', 'nodata.test', 'sub.test', 'fail.test', 'refused.test'];
  expect(await logged(['metadata', 'log . "{/log/class} {/log/type}"'], names)).toEqual([
    '[INFO] success NOERROR',
    '[INFO] denial NXDOMAIN',
    '[INFO] denial NODATA',
    '[INFO] success DELEGATION',
    '[INFO] error SERVERERROR',
    '[INFO] error OTHERERROR',
  ]);
});

test('an answer with a signature out of its time is an error for those who ask for signatures', async () => {
  await using server = await serve(block('log . "{name}" {\nclass error\n}', 'scripted'), plugins);
  for (const name of ['fresh.test', 'stale.test']) await server.ask(name);
  expect(server.lines).toEqual([]);
  for (const name of ['fresh.test', 'stale.test']) await server.ask(name, 'A', { dnssecOk: true });
  expect(server.lines).toEqual(['[INFO] stale.test.']);
});

test('the duration is that from reception to reply, in seconds without exponent', async () => {
  let time = 0;
  await using server = await serve(block('log . "{duration}"'), { now: () => time++ / 2000 });
  await server.ask('a.test');
  expect(server.lines[0]).toMatch(/^\[INFO\] 0\.000000\d+s$/);
});

test.each([
  ['log {\nclass\n}', 'Wrong argument count'],
  ['log {\nclass bad\n}', 'invalid Class: bad'],
  ['log {\nkind all\n}', "unknown property 'kind'"],
  ['log {\nformat xml\n}', "'xml'"],
  ['log . "{name}" {\nformat json\n}', "'format json' stands in the block"],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});

describe('json', () => {
  test('writes each query as one object, of this moment, with numbers as numbers', async () => {
    await using server = await serve('. {\n log {\n format json\n }\n whoami\n}');
    await server.ask('www.Example.test', 'AAAA', { udpSize: 1400 });
    await server.ask('www.example.test', 'A', { transport: 'tcp' });
    const [udp, tcp] = server.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(udp).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      level: 'info',
      plugin: 'log',
      client: '127.0.0.1',
      port: expect.any(Number),
      server: expect.any(String),
      proto: 'udp',
      id: expect.any(Number),
      name: 'www.example.test.',
      class: 'IN',
      type: 'AAAA',
      size: expect.any(Number),
      do: false,
      bufsize: 1400,
      rcode: 'NOERROR',
      rflags: ['qr', 'aa', 'rd'],
      rsize: expect.any(Number),
      duration: expect.any(Number),
      transport: 'udp',
      ttl: null,
      zone: '.',
      view: '',
      cache: null,
      upstream: null,
      plan: null,
      phase: null,
      member: null,
      error: null,
    });
    expect(tcp).toMatchObject({ proto: 'tcp', type: 'A', bufsize: 65535 });
  });

  test('says how the answer came about', async () => {
    const upstream = await startUpstream({ 'www.example.org A': ['www.example.org 300 A 192.0.2.1'] });
    await using server = await serve(`. {\n log {\n format json\n }\n cache\n forward . ${upstream.endpoint}\n}`);
    await server.ask('www.example.org');
    await server.ask('www.example.org');
    const told = server.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown);
    expect(told).toMatchObject([
      { cache: 'miss', upstream: upstream.endpoint, ttl: 300 },
      { cache: 'hit', upstream: null },
    ]);
    await upstream.stop();
  });

  test('a hostile name forges neither a field nor a line', async () => {
    await using server = await serve('. {\n log {\n format json\n }\n whoami\n}');
    await server.ask('a"\\010\\127\\226\\128\\168,\\"rcode\\":1.test');
    const [line = '', more] = server.lines.filter((each) => each.startsWith('{'));
    expect(more).toBeUndefined();
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(line)).toMatchObject({ rcode: 'NOERROR', name: expect.stringContaining('\\010\\127\\226\\128\\168') });
  });

  test('behind a name it is a name too, as in CoreDNS, and classes hold for objects', async () => {
    await using server = await serve('. {\n log example.org json\n log . {\n class error\n format json\n }\n whoami\n}');
    await server.ask('a.json');
    await server.ask('b.test');
    expect(server.lines.filter((line) => line.startsWith('{'))).toEqual([]);
    expect(server.lines.filter((line) => line.includes('a.json.'))).toEqual([expect.stringMatching(/^\[INFO\] 127/)]);
  });
});
