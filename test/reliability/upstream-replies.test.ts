// Table U: hostile and odd replies of an upstream, seen by every way from a client of a server that caches and forwards.
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { type Target, TcpClient, UdpClient } from '../support/client.ts';
import { type Message, parseAsk, readMessage, writeMessage } from '../support/message.ts';
import { startUpstream } from '../support/upstream.ts';
import { ways } from '../support/ways.ts';
import { type Step, type UpstreamReply, upstreamReplies } from './upstream-replies.ts';

/** Milliseconds until silence of the server is a fault: its own deadline is 5 seconds, and the machine may be busy. */
const deadline = 20_000;

/** Those that take seconds first, so that the others run beside them. */
const rows = upstreamReplies.toSorted((a, b) => Number(b.patient ?? false) - Number(a.patient ?? false));

describe('an upstream that replies with', () => {
  test.concurrent.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    const upstream = await startUpstream({ 'a.test A': row.replies, ...row.also, 'fine.test A': ['fine.test 60 A 192.0.2.2'] });
    await using server = await serve(`.:0 {\n${forwardTo(upstream.endpoint, row)}\n}`);
    try {
      for (const step of row.steps) await expectStep(server, step);
      const asked = upstream.asked.filter(({ message }) => message.questions[0]?.name === 'a.test.');
      const [least, most] = row.asked ?? [1, 5];
      expect(asked.length, 'questions that reached the upstream').toBeGreaterThanOrEqual(least);
      expect(asked.length, 'questions that reached the upstream').toBeLessThanOrEqual(most);
      await expectStep(server, { ask: 'fine.test A', gives: ['fine.test. A 192.0.2.2'] });
    } finally {
      await upstream.stop();
    }
  });
});

/** Those that wait for the server's own patience look the same from everywhere. */
const quickRows = rows.filter(({ patient }) => patient !== true);
/** One way of each transport: what is between it and the client does not matter to an upstream. */
const oneOfEach = ways.filter(({ name }) => ['TCP', 'TLS', 'HTTPS by HTTP/2 POST', 'HTTPS by HTTP/1.1 GET', 'gRPC'].includes(name));

describe.each(oneOfEach.map((way) => [way.name, way] as const))('asked over %s, an upstream that replies with', (_name, way) => {
  test.concurrent.each(quickRows.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    const upstream = await startUpstream({ 'a.test A': row.replies, ...row.also, '* *': { rcode: 'NXDOMAIN' } });
    await using server = await serve(way.corefile(forwardTo(upstream.endpoint, row, 'prefer_udp')));
    const client = await way.open(server.port);
    try {
      // What UDP clips is asked for again by TCP; other clients ask once.
      const whole = row.steps.filter(({ ask: words }) => words?.includes('+tcp'));
      for (const step of whole.length > 0 ? whole : row.steps) {
        const { parts } = parseAsk(step.ask ?? 'a.test A');
        const reply = await client.ask(writeMessage({ ...parts, id: 1 }));
        expect(Buffer.isBuffer(reply) ? outcome(readMessage(reply)) : reply).toBeOneOf([...step.gives]);
      }
    } finally {
      client.close();
      await upstream.stop();
    }
  });
});

test('U17: with failover the next upstream is asked after SERVFAIL', async () => {
  const failing = await startUpstream({ '* *': 'SERVFAIL' });
  const working = await startUpstream({ 'a.test A': ['a.test 60 A 192.0.2.1'] });
  await using server = await serve(`.:0 {
    forward . ${failing.endpoint} ${working.endpoint} {
      policy sequential
      failover SERVFAIL
    }
  }`);
  await expectStep(server, { gives: ['a.test. A 192.0.2.1'] });
  expect(failing.asked).toHaveLength(1);
  await Promise.all([failing.stop(), working.stop()]);
});

test('U17: a failure is remembered for 1 second to 5 minutes (RFC 9520 section 3.2)', async () => {
  const upstream = await startUpstream({ 'a.test A': 'SERVFAIL' });
  let passed = 0;
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`, { now: () => performance.now() + passed });
  const counts = [];
  for (const later of [0, 900, 300_000]) {
    passed = later;
    await expectStep(server, { gives: ['SERVFAIL'] });
    counts.push(upstream.asked.length);
  }
  await upstream.stop();
  expect(counts).toEqual([1, 1, 2]);
});

function forwardTo(upstream: string, row: UpstreamReply, option = ''): string {
  return `errors
    cache
    forward . ${upstream} {
      ${row.patient === true ? '' : 'read_timeout 1500ms'}
      ${option}
    }`;
}

async function expectStep(target: Target, step: Step): Promise<void> {
  const replies = await ask(target, step.ask ?? 'a.test A');
  expect(replies, 'one reply').toHaveLength(1);
  for (const reply of replies) {
    expect(outcome(reply)).toBeOneOf([...step.gives]);
    expect(reply.questions, 'the question of the client').toEqual(
      parseAsk(step.ask ?? 'a.test A').parts.questions?.map((each) => ({ ...each, name: `${each.name}.` })),
    );
    expect(reply.trailing).toBe(0);
    for (const { ttl } of reply.answer) expect(ttl).toBeLessThanOrEqual(step.ttlAtMost ?? 3600);
  }
}

/** Every reply to this question up to the reply to a probe behind it, none of them larger than the client takes. */
async function ask(target: Target, text: string): Promise<Message[]> {
  const { transport, parts } = parseAsk(text);
  const client = transport === 'udp' ? await UdpClient.open(target) : await TcpClient.open(target);
  try {
    client.send(writeMessage({ ...parts, id: 1 }));
    const replies = [await client.next(deadline)];
    // Class CH is refused without delay, so what would come twice comes before.
    client.send(writeMessage({ id: 2, questions: [{ name: 'probe.test', type: 'TXT', class: 'CH' }] }));
    for (let next = await client.next(deadline); next !== undefined && next.readUInt16BE(0) !== 2; next = await client.next(deadline))
      replies.push(next);
    const limit = transport === 'tcp' ? 65535 : (parts.opt?.size ?? (parts.opt === undefined ? 512 : 1232));
    return replies
      .filter((bytes) => bytes !== undefined)
      .map((bytes) => {
        expect(bytes.length).toBeLessThanOrEqual(limit);
        return readMessage(bytes);
      });
  } finally {
    client.close();
  }
}

function outcome({ rcode, flags, answer }: Message): string {
  const records = answer.map(({ name, type, data }) => `${name} ${type} ${data}`).join(', ');
  if (rcode !== 'NOERROR') return `${rcode} ${records}`.trim();
  if (flags.includes('tc')) return 'TC';
  return records === '' ? 'NODATA' : records;
}
