// Messages and upstream replies with random faults, from a fixed seed: the server lives, replies to queries alone, and answers the next sound one.
import { memoryUsage } from 'node:process';
import { serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../reliability/bytes.ts';
import { clientMessages } from '../reliability/client-messages.ts';
import { type Chance, chance, pick } from '../support/chance.ts';
import { ask, frame, TcpClient, UdpClient } from '../support/client.ts';
import { queryMessage, writeMessage } from '../support/message.ts';
import { type Answer, type Asked, startUpstream } from '../support/upstream.ts';
import { damaged } from './faults.ts';
import { patience, runs, seed } from './runs.ts';

const rounds = 2 * runs;
const megabyte = 1 << 20;

/** Everything that looks into a query or a reply, in front of an upstream. */
const corefile = (upstream: string) => `.:0 {
  prometheus 127.0.0.1:0
  metadata
  errors
  acl {
    block type HINFO net 127.0.0.0/8
  }
  log . "{name} {type} {class} {rcode} {>rflags} {rsize} {/forward/upstream}"
  local
  loadbalance
  header {
    response set ra
  }
  template ANY ANY echo.test {
    match (?P<first>[^.]*).(.*).echo.test.$
    expr len(name()) < 200
    answer "{{ .Name }} 60 IN TXT {{ .Group.first }} {{ len .Match }}{{ .Remote }}"
    additional "{{ .Name }} 60 IN {{ .Type }} {{ .Remote }}"
    fallthrough
  }
  rewrite continue name regex (.*)\\.out\\.test {1}.in.test answer auto
  rewrite continue ttl suffix test 5-60
  rewrite continue edns0 local set 0xffee {qname}
  rewrite cname suffix alias.test in.test
  cache
  hosts {
    192.0.2.1 known.test
    192.0.2.2 *.wild.test
    ttl 60
    fallthrough
  }
  forward . ${upstream} {
    max_fails 0
  }
}`;

const sound = [
  ...[
    'known.test A',
    'a.wild.test A +do +size=4096',
    'www.out.test AAAA +edns',
    'www.alias.test A',
    'a.b.echo.test TXT +edns',
    '1.2.0.192.in-addr.arpa PTR',
  ].map(queryMessage),
  ...clientMessages.map(({ message }) => bytesOf(message)),
];

describe(`${rounds} messages with random faults`, () => {
  test('over UDP: what is no query gets no reply, and memory is bounded', patience, async () => {
    const upstream = await startUpstream({ '* *': soundReply });
    await using server = await serve(corefile(upstream.endpoint));
    const random = chance(seed);
    const client = await UdpClient.open(server);
    const before = memoryUsage().rss;
    const open = new Set<number>();
    for (let sent = 0; sent < rounds; sent += 20) {
      for (let i = 0; i < 20; i++) {
        const { bytes, id } = damagedMessage((sent + i) % 65_000, random);
        if (id !== undefined) open.add(id);
        client.send(bytes);
      }
      for (const reply of await repliesUntilAnswered(client)) {
        const text = `after ${sent} messages: ${reply.toString('hex')}`;
        expect(reply.length, text).toBeGreaterThanOrEqual(12);
        expect(reply.readUInt8(2), text).toBeGreaterThanOrEqual(0x80);
        expect(open.delete(reply.readUInt16BE(0)), text).toBe(true);
      }
    }
    client.close();
    expect(memoryUsage().rss - before).toBeLessThan(100 * megabyte);
    await expectHealth(server);
    await upstream.stop();
  });

  test('over TCP, whole, in pieces or cut off: the connection ends', patience, async () => {
    const upstream = await startUpstream({ '* *': soundReply });
    await using server = await serve(corefile(upstream.endpoint));
    const random = chance(seed);
    for (let sent = 0; sent < rounds; sent += 10) {
      const stream = Buffer.concat(Array.from({ length: 10 }, () => frame(damaged(pick(sound, random), random))));
      const client = await TcpClient.open(server);
      const cut = random(stream.length);
      client.write(stream.subarray(0, cut));
      if (random(4) > 0) client.write(stream.subarray(cut));
      client.finish();
      await client.closed;
      client.close();
    }
    await expectHealth(server);
    await upstream.stop();
  });
});

test(`${rounds} upstream replies with random faults: each query gets one sound reply`, patience, async () => {
  const random = chance(seed);
  const upstream = await startUpstream({ '* *': (asked) => ({ before: [damagedReply(asked, random)], ...soundReply(asked) }) });
  await using server = await serve(corefile(upstream.endpoint));
  for (let asked = 0; asked < rounds; asked += 20) {
    const zones = ['out.test', 'alias.test', 'other.example'];
    const names = Array.from({ length: 20 }, (_, i) => `n${asked + i}.${pick(zones, random)} ${i % 2 === 0 ? 'A' : 'AAAA'} +edns`);
    const replies = await Promise.all(names.map((name) => ask(server, name, { timeout: 20_000 })));
    for (const [i, { reply }] of replies.entries()) {
      expect(reply, names[i]).toMatchObject({ trailing: 0, opts: 1 });
      expect(`${reply?.questions[0]?.name}`).toBe(`${names[i]?.split(' ')[0]}.`);
    }
  }
  await expectHealth(server);
  await upstream.stop();
});

async function expectHealth(server: TestServer): Promise<void> {
  const { reply } = await ask(server, 'known.test A');
  expect(reply).toMatchObject({ rcode: 'NOERROR', answer: [{ name: 'known.test.', data: '192.0.2.1' }] });
  expect(server.lines.filter((line) => line.includes('panic'))).toEqual([]);
  expect(await server.metrics()).toMatch(/^coredns_panics_total 0$/m);
}

/** A message with faults; `id` unless it may not be replied to: it is cut in its header, or says that it is a response. */
function damagedMessage(id: number, random: Chance): { bytes: Buffer; id: number | undefined } {
  const bytes = damaged(pick(sound, random), random);
  if (bytes.length >= 2) bytes.writeUInt16BE(id, 0);
  return { bytes, id: bytes.length >= 12 && bytes.readUInt8(2) < 0x80 ? id : undefined };
}

/** All replies up to that to one more, sound, query. */
async function repliesUntilAnswered(client: UdpClient): Promise<Buffer[]> {
  client.send(queryMessage('known.test A +id=65534'));
  const replies: Buffer[] = [];
  for (;;) {
    const reply = await client.next();
    if (reply === undefined) throw new Error('a sound query after damaged ones got no reply');
    if (reply.readUInt16BE(0) === 65_534) return replies;
    replies.push(reply);
  }
}

function soundReply({ message }: Asked): Answer {
  const { name = '.', type = 'A' } = message.questions[0] ?? {};
  const data = type === 'A' ? '192.0.2.7' : '2001:db8::7';
  if (type !== 'A' && type !== 'AAAA') return { rcode: 'NXDOMAIN', authority: ['test 5 SOA ns.test h.test 1 2 3 4 5'] };
  return {
    answer: [`${name} 60 CNAME host.alias.test`, `host.alias.test 60 ${type} ${data}`],
    additional: ['ns.test 60 A 192.0.2.8'],
  };
}

/** The sound reply with faults behind its id. */
function damagedReply(asked: Asked, random: Chance): Answer {
  const { message } = asked;
  const bytes = writeMessage({ ...soundReply(asked), flags: ['qr', 'rd', 'ra'], questions: message.questions, opt: message.opt });
  return { raw: `....${damaged(bytes, random).toString('hex', 2)}` };
}
