// Table C: hostile and odd messages of clients, by every way there is, to a server that caches and forwards.
import { randomBytes } from 'node:crypto';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { exchange, type Target, UdpClient } from '../support/client.ts';
import { type Message, queryMessage, readMessage, recordText } from '../support/message.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { type WayClient, ways } from '../support/ways.ts';
import { bytesOf, ordinary } from './bytes.ts';
import { type ClientMessage, clientMessages, type Verdict } from './client-messages.ts';
import { bigTexts, zone } from './zone.ts';

describe.each(ways.map((way) => [way.name, way] as const))('over %s', (_name, way) => {
  const rows = clientMessages.filter(({ datagrams }) => way.datagrams || datagrams !== true);
  test.concurrent.each(rows.map((row) => [row.id, row.title, row] as const))('%s: %s', async (_id, _title, row) => {
    const upstream = await startUpstream(zone);
    await using server = await serve(way.corefile(`errors\n cache\n ${row.directives ?? ''}\n forward . ${upstream.endpoint}`));
    const client = await way.open(server.port);
    let again: WayClient | undefined;
    try {
      if (row.first !== undefined) await ask(server, row.first);
      upstream.asked.length = 0;
      const message = bytesOf(row.message);
      expectVerdict(row.verdict, { message, outcome: await client.ask(message), refusal: way.refusal });
      expectAsked(row.verdict.asked ?? [], upstream, way.datagrams ? 'udp' : 'tcp');
      // What is no DNS may have ended the connection.
      again = await way.open(server.port);
      const next = await again.ask(queryMessage('a.test A'));
      // The cache may have counted it down.
      expect(readMessage(next as Buffer).answer.map(recordText), 'the next query is answered').toEqual([
        expect.stringMatching(/^a\.test\. (60|[1-5]\d) IN A 192\.0\.2\.1$/),
      ]);
    } finally {
      client.close();
      again?.close();
      await upstream.stop();
    }
  });
});

test('C31: TCP gives the records that UDP left out', async () => {
  const upstream = await startUpstream(zone);
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const short = await ask(server, 'big.test TXT +size=0');
  const whole = await ask(server, 'big.test TXT +tcp');
  await upstream.stop();
  expect(short.flags).toContain('tc');
  expect(short.answer.length).toBeLessThan(bigTexts.length);
  expect(whole.flags).not.toContain('tc');
  expect(whole.answer).toHaveLength(bigTexts.length);
});

test('C34: a record inside a query does not enter the cache', async () => {
  const upstream = await startUpstream({ ...zone, 'foreign.test A': ['foreign.test 60 A 192.0.2.7'] });
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const row = clientMessages.find(({ id }) => id === 'C34') as ClientMessage;
  const foreign = bytesOf(row.message.replace(/0161 0474657374 00(?= 0001 0001 00000e10)/, '07666f726569676e 0474657374 00'));
  await outcome(server, 'udp', foreign);
  const replies = [await ask(server, 'foreign.test A'), await ask(server, 'a.test A')];
  await upstream.stop();
  expect(replies.flatMap(({ answer }) => answer.map(({ data }) => data))).toEqual(['192.0.2.7', '192.0.2.1']);
});

test('300 responses of any content get no answer (LoopDoS, CVE-2024-2169)', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const client = await UdpClient.open(server);
  for (let i = 0; i < 300; i++) {
    const response = randomBytes(12 + (i % 200));
    response.writeUInt16BE(response.readUInt16BE(2) | 0x8000, 2);
    // Half of them ask an ordinary question.
    client.send(i % 2 === 0 ? response : Buffer.concat([response.subarray(0, 4), bytesOf(`0001 0000 0000 0000 ${ordinary}`)]));
    if (i % 50 < 49) continue;
    const probe = queryMessage('a.test A');
    client.send(probe);
    const reply = await client.next();
    expect(reply?.readUInt16BE(0), 'the first reply is to the query').toBe(probe.readUInt16BE(0));
  }
  client.close();
});

test('65 meta and unknown types are no harm to the server, and leave nothing behind (RFC 3597, RFC 6895, CVE-2018-14644)', async () => {
  const upstream = await startUpstream(zone);
  await using server = await serve(`.:0 {\n prometheus 127.0.0.1:0\n cache\n forward . ${upstream.endpoint}\n}`);
  const types = [0, 10, 41, 100, 103, ...Array.from({ length: 11 }, (_, i) => 245 + i), 32768, 32769, 65535];
  while (types.length < 65) types.push(65280 + types.length);
  for (const type of types) {
    const message = queryMessage('a.test A +id=7');
    message.writeUInt16BE(type, message.length - 4);
    expect(readMessage((await outcome(server, 'udp', message)) ?? Buffer.alloc(0)).id, `TYPE${type}`).toBe(7);
  }
  expect((await ask(server, 'a.test A')).answer.map(({ data }) => data)).toEqual(['192.0.2.1']);
  await upstream.stop();
  expect(await server.metrics()).toMatch(/^coredns_panics_total 0$/m);
});

test('C43: a query without RD is passed on without RD', async () => {
  const upstream = await startUpstream(zone);
  await using server = await serve(`.:0 {\n cache\n forward . ${upstream.endpoint}\n}`);
  const reply = await ask(server, 'a.test A +nord');
  await upstream.stop();
  expect(upstream.asked[0]?.message.flags).not.toContain('rd');
  expect(reply.flags).not.toContain('rd');
});

async function ask(target: Target, text: string): Promise<Message> {
  const transport = text.includes('+tcp') ? 'tcp' : 'udp';
  return readMessage((await outcome(target, transport, queryMessage(`${text} +id=1`))) ?? Buffer.alloc(0));
}

async function outcome(target: Target, transport: 'udp' | 'tcp', message: Buffer): Promise<Buffer | undefined> {
  return (await exchange(target, message, { transport })).bytes;
}

interface Told {
  readonly message: Buffer;
  readonly outcome: Buffer | string | undefined;
  /** What the transport says where there is nothing to answer. */
  readonly refusal: string | undefined;
}

function expectVerdict(verdict: Verdict, { message, outcome: bytes, refusal }: Told): void {
  if (verdict.reply === 'silence') expect(bytes, 'no answer').toBe(refusal);
  else if (!Buffer.isBuffer(bytes)) expect.unreachable(`${bytes ?? 'silence'}, expected ${verdict.reply.join(' or ')}`);
  else expectReply({ ...verdict, reply: verdict.reply }, message, bytes);
}

function expectReply(verdict: Verdict & { readonly reply: readonly string[] }, message: Buffer, bytes: Buffer): void {
  const reply = readMessage(bytes);
  const asked = message.readUInt16BE(2);
  expect(reply.rcode).toBeOneOf([...verdict.reply]);
  expect(reply.id).toBe(message.readUInt16BE(0));
  expect(reply.opcode).toBe((asked >> 11) & 0xf);
  expect(reply.flags).toContain('qr');
  expect(reply.flags.includes('rd'), 'RD as in the query').toBe((asked & 0x0100) !== 0);
  expect(reply.flags, 'Z is zero').not.toContain('z');
  expect(reply.trailing, 'octets behind the last record').toBe(0);
  if (verdict.bare === true) {
    expect(bytes, 'a header and nothing else').toHaveLength(12);
    return;
  }
  expectQuestion(message, bytes);
  expectOpt(message, reply, bytes);
  expectRecords(verdict, reply);
}

function expectQuestion(message: Buffer, bytes: Buffer): void {
  const end = message.indexOf(0, 12) === -1 ? 12 : endOfQuestion(message);
  expect(bytes.toString('hex', 12, end), 'the question octet by octet').toBe(message.toString('hex', 12, end));
}

function endOfQuestion(message: Buffer): number {
  let at = 12;
  while (message.readUInt8(at) !== 0) at += message.readUInt8(at) + 1;
  return at + 5;
}

function expectOpt(message: Buffer, reply: Message, bytes: Buffer): void {
  const sent = message.readUInt16BE(10) > 0 && message.readUInt16BE(endOfQuestion(message) + 1) === 41;
  expect(reply.opts, 'an OPT record only when the query had one').toBe(sent ? 1 : 0);
  if (!sent) return;
  expect(reply.opt).toMatchObject({ version: 0, do: false, options: [] });
  expect(bytes.readUInt16BE(bytes.length - 4), 'EDNS flags').toBe(0);
}

function expectRecords(verdict: Verdict, reply: Message): void {
  const { answer, truncatedTo } = verdict;
  expect(reply.flags.includes('tc'), 'TC').toBe(truncatedTo !== undefined);
  expect(reply.length).toBeLessThanOrEqual(truncatedTo ?? 65535);
  if (truncatedTo !== undefined) expect(reply.answer.length, 'whole records stay').toBeGreaterThan(0);
  if (answer === undefined) return;
  const got = reply.answer.map((record, i) => recordText(answer[i]?.includes(' * ') === true ? { ...record, ttl: -1 } : record));
  expect(got).toEqual(answer.map((line) => line.replace(' * ', ' -1 ')));
}

/** What reached the upstream: these questions, and nothing of the client's message but them. */
function expectAsked(questions: readonly string[], upstream: Upstream, transport: string): void {
  const asked = upstream.asked.filter(({ message }) => message.questions[0]?.name !== 'probe.test.');
  expect(asked.map(({ message }) => message.questions.map((each) => `${each.name} ${each.class} ${each.type}`).join())).toEqual(questions);
  for (const { message, transport: used } of asked) {
    expect(used).toBe(transport);
    expect(message).toMatchObject({ opcode: 0, trailing: 0, answer: [], authority: [], additional: [] });
    const hopByHop = message.opt?.options.filter(({ code }) => code !== 8) ?? [];
    expect(hopByHop, 'options of the client stay on this hop').toEqual([]);
  }
}
