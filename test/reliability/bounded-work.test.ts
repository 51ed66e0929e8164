// Work and memory per message have bounds, whatever a client claims or an answer holds.
import { definePlugin, Reply, record } from 'ferrydns/plugin';
import { freePort, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { processMemory } from '../../bench/process-time.ts';
import { ask, frame, TcpClient, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';
import { startProgram } from '../support/program.ts';
import { authority, certificate, ways } from '../support/ways.ts';
import { bytesOf, header, option, ordinary, withOpt } from './bytes.ts';
import { clientMessages } from './client-messages.ts';

// Whoever is behind a proxy comes by the same code once the header is off. The server is a process of its own, which holds nothing of the clients.
test.skipIf(process.platform !== 'linux').each(ways.filter(({ name }) => !name.includes('behind')))(
  '1,000 messages whose counts claim what is not there are refused over $name without growth (CVE-2026-82399)',
  async ({ corefile, open }) => {
    const port = await freePort();
    await using server = await startProgram({ files: { Corefile: corefile('bind 127.0.0.1\nwhoami').replace('.:0', `.:${port}`) } });
    const client = await open(port);
    const messages = [header({ counts: 'ffff ffff ffff ffff' }), `${header({ counts: '0001 ffff ffff ffff' })} ${ordinary}`].map(bytesOf);
    const refuse = async (times: number) => {
      for (let i = 0; i < times / 2; i++) {
        for (const message of messages) expect((await client.ask(message))?.toString('hex')).toBe('424281010000000000000000');
      }
    };
    await refuse(200);
    const before = processMemory(server.pid).resident;
    await refuse(1000);
    expect(processMemory(server.pid).resident - before).toBeLessThan(20);
    client.close();
  },
);

test('an answer with 2,000 unrelated names is written in less than 10 ms (CVE-2024-8508)', async () => {
  const names = unrelatedNames(2000);
  await using server = await serveNames(names);
  const client = await TcpClient.open(server);
  let reply: Buffer | undefined;
  const milliseconds = await fastest(20, async () => {
    client.send(queryMessage('a.test A'));
    reply = await client.next();
  });
  client.close();
  expect(milliseconds).toBeLessThan(10);
  expect(readMessage(reply ?? Buffer.alloc(0)).answer.map(({ name }) => name)).toEqual(names);
});

test.each(['', '+edns'])('an answer that no message holds is cut at a record, with TC, even over TCP %s', async (words) => {
  const names = unrelatedNames(4000);
  await using server = await serveNames(names);
  const { reply } = await ask(server, `a.test A +tcp ${words}`.trim());
  expect(reply?.flags).toContain('tc');
  expect(reply?.trailing).toBe(0);
  expect(reply?.opts).toBe(words === '' ? 0 : 1);
  expect(reply?.answer.length).toBeGreaterThan(2000);
  expect(reply?.answer.map(({ name }) => name)).toEqual(names.slice(0, reply?.answer.length));
});

test('a message with 13,000 options of one octet is answered in less than 5 ms (CVE-2026-41292)', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const client = await TcpClient.open(server);
  // As many as a message holds: each takes five octets.
  const message = bytesOf(withOpt(option('fde9', '00').repeat(13_000)));
  let reply: Buffer | undefined;
  const milliseconds = await fastest(20, async () => {
    client.send(message);
    reply = await client.next();
  });
  client.close();
  expect(milliseconds).toBeLessThan(5);
  expect(readMessage(reply ?? Buffer.alloc(0))).toMatchObject({ rcode: 'NOERROR', opt: { options: [] } });
});

test('a malformed name is refused in less than 1 ms (RFC 9267 section 2)', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const client = await UdpClient.open(server);
  const names = clientMessages.filter(({ id }) => /^C(1[1-8]|21|64)$/.test(id));
  expect(names).toHaveLength(10);
  for (const { id, message } of names) {
    const milliseconds = await fastest(20, async () => {
      client.send(bytesOf(message));
      expect((await client.next())?.toString('hex'), id).toBe('424281010000000000000000');
    });
    expect(milliseconds, id).toBeLessThan(1);
  }
  client.close();
});

test('a new TCP client is answered in less than 100 ms while 1,500 connections are idle', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const idle = await Promise.all(Array.from({ length: 1500 }, () => TcpClient.open(server)));
  const milliseconds = await fastest(5, async () => {
    const client = await TcpClient.open(server);
    client.send(queryMessage('a.test A'));
    expect(await client.next()).toBeDefined();
    client.close();
  });
  for (const client of idle) client.close();
  expect(milliseconds).toBeLessThan(100);
});

test('a new TLS client is answered while 500 connections send nothing or half a handshake, and those are closed (RFC 7858)', async () => {
  await using server = await serve(`tls://.:0 {\n ${certificate}\n timeouts {\n read 2s\n }\n whoami\n}`);
  const waiting = await Promise.all(Array.from({ length: 500 }, () => TcpClient.open(server)));
  // The start of a ClientHello of 200 octets.
  for (const client of waiting.filter((_, i) => i % 2 === 0)) client.write(bytesOf('16030100c8 010000c40303'));
  const client = await TcpClient.open({ port: server.port, tls: { ca: authority, servername: 'localhost' } });
  client.send(queryMessage('a.test A'));
  expect(readMessage((await client.next()) ?? Buffer.alloc(0)).rcode).toBe('NOERROR');
  client.close();
  await Promise.all(waiting.map(({ closed }) => closed));
});

test('two messages in one frame are one message: one answer (CVE-2018-14663)', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const client = await TcpClient.open(server);
  client.write(frame(Buffer.concat([queryMessage('a.test A +id=1'), queryMessage('b.test A +id=2')])));
  client.send(queryMessage('c.test A +id=3'));
  expect([await client.next(), await client.next()].map((reply) => reply?.readUInt16BE(0))).toEqual([1, 3]);
  client.close();
});

const unrelatedNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i.toString(36)}.x${(i * 7919).toString(36)}.`);

/** A server that answers everything with an address for each of these names. */
function serveNames(names: readonly string[]): Promise<TestServer> {
  const records = names.map((name) => record({ name, type: 'A', ttl: 60, data: '192.0.2.1' }));
  // A new reply each time, so that each has to be written.
  const crowd = definePlugin({
    name: 'crowd',
    summary: 'answers with many names',
    config: {},
    setup: () => ({ handle: () => Reply.answer(records) }),
  });
  return serve('.:0 {\n crowd\n}', { plugins: [{ plugin: crowd, place: { before: 'whoami' } }] });
}

/** Milliseconds of this thread's CPU time that the fastest of several runs took: what else the machine does is no matter of this test. */
async function fastest(runs: number, run: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const started = process.threadCpuUsage();
    await run();
    const { user, system } = process.threadCpuUsage(started);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
