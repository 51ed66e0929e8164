// What an operator relies on: replies from the address that was asked, metrics and logs that stay readable, a configuration that is never half replaced.
import { networkInterfaces } from 'node:os';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { defaultUdpKind } from '../../src/transport/open-udp.ts';
import { exchange, UdpClient } from '../support/client.ts';
import { queryMessage, readMessage } from '../support/message.ts';

const loopback = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).filter(({ internal }) => internal));
const ownAddresses = (family: 'IPv4' | 'IPv6') => loopback.filter((each) => each.family === family).map(({ address }) => address);
// The whole of 127.0.0.0/8 is this machine, though no interface lists it; dgram cannot tell these addresses apart.
const unlisted = defaultUdpKind() === 'batch' ? ['127.0.0.5', '127.9.9.9'] : [];

describe.each([
  ['0.0.0.0', [...ownAddresses('IPv4'), ...unlisted]],
  ['::', ownAddresses('IPv6')],
] as const)('bound to %s', (wildcard, own) => {
  // The socket of the client is connected: the kernel throws away what comes from another address or port.
  test.skipIf(own.length === 0)('each address of the machine answers for itself (RFC 2181 section 4)', async () => {
    await using server = await serve(`.:0 {\n bind ${wildcard}\n whoami\n}`);
    for (const address of own) {
      const { bytes } = await exchange({ port: server.port, address }, queryMessage('a.test A'));
      expect(bytes, `reply of ${address}`).toBeDefined();
    }
  });
});

/** Names whose bytes would break a line, a label of a metric, or a terminal. */
const hostile = ['quo"te', 'new\\010line', 'back\\\\slash', 'esc\\027[31m', 'tab\\009', 'nul\\000', 'bra{ce}', 'del\\127', 'high\\255', 'cr\\013'];

test('metrics stay readable whatever names are asked (CVE-2026-33257)', async () => {
  await using server = await serve('.:0 {\n prometheus 127.0.0.1:0\n cache\n whoami\n}');
  const types = ['A', 'TYPE65280', 'TYPE0'];
  await askHostile(
    server.port,
    hostile.flatMap((label) => types.map((type) => `${label}.test ${type}`)),
  );
  const lines = (await server.metrics()).split('\n').filter((line) => line !== '');
  for (const line of lines) expect(line).toMatch(exposition);
  const requests = lines.filter((line) => line.startsWith('coredns_dns_requests_total'));
  expect(requests.map((line) => Number(line.split(' ').at(-1))).reduce((sum, each) => sum + each, 0)).toBe(hostile.length * types.length);
  expect(lines.join('\n')).not.toContain('test');
});

/** One line of the text format: a comment, or a metric with quoted labels and a number. */
const exposition = /^(# (HELP|TYPE) [a-z_]\w* .*|[a-z_]\w*(\{(\w+="([^"\\\n]|\\["\\n])*",?)*\})? (-?\d[\d.e+-]*|\+Inf|NaN|Nan))$/;

test('a log line shows control bytes of a name as escapes', async () => {
  await using server = await serve('.:0 {\n errors\n log\n whoami\n}');
  await askHostile(
    server.port,
    hostile.map((label) => `${label}.test A`),
  );
  const lines = server.lines.filter((line) => line.includes('.test.'));
  expect(lines).toHaveLength(hostile.length);
  for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]*$/);
});

test('a configuration with an error leaves the old one in force', async () => {
  await using server = await serve('.:0 {\n whoami\n}');
  const { port } = server;
  for (const broken of ['.:0 {\n whoami\n', '.:0 {\n nosuchplugin\n}', '.:0 {\n whoami\n}\n.:0 {\n whoami\n}']) {
    await expect(server.reload(broken)).rejects.toThrow(/Corefile|already defined/);
    const { bytes } = await exchange({ port }, queryMessage('a.test A'));
    expect(readMessage(bytes ?? Buffer.alloc(0)).rcode).toBe('NOERROR');
  }
});

async function askHostile(port: number, questions: readonly string[]): Promise<void> {
  const client = await UdpClient.open({ port });
  for (const question of questions) {
    client.send(queryMessage(question));
    expect(await client.next(), question).toBeDefined();
  }
  client.close();
}
