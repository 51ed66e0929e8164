import { networkInterfaces } from 'node:os';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { block, refusal } from '../support/refusal.ts';

const addresses = (server: TestServer) => new Set(server.server.listening().map(({ address }) => address));
const loopback = Object.entries(networkInterfaces()).find(([, all]) => all?.some(({ address }) => address === '127.0.0.1'))?.[0] ?? 'lo';

test('bind listens on the addresses it names, over all of its directives', async () => {
  await using server = await serve(block('bind 127.0.0.2 127.0.0.3', 'bind 127.0.0.4'));
  expect(addresses(server)).toEqual(new Set(['127.0.0.2', '127.0.0.3', '127.0.0.4']));
});

test('bind answers where it listens, over UDP and TCP', async () => {
  await using server = await serve(block('bind 127.0.0.2'));
  for (const transport of ['udp', 'tcp'] as const) {
    expect((await server.ask('example.org', 'A', { address: '127.0.0.2', transport })).rcode).toBe('NOERROR');
  }
});

test('the name of an interface stands for all its addresses', async () => {
  const own = (networkInterfaces()[loopback] ?? []).map(({ address }) => address);
  await using server = await serve(block(`bind ${loopback}`));
  expect(addresses(server)).toEqual(new Set(own));
});

test('except leaves out addresses of its own directive', async () => {
  await using server = await serve(block(`bind ${loopback} {\nexcept ::1 127.0.0.2\n}`, 'bind 127.0.0.2'));
  expect(addresses(server)).toEqual(new Set(['127.0.0.1', '127.0.0.2']));
});

test('a name that is neither address nor interface is refused where it stands', async () => {
  expect(await refusal(block('bind 127.0.0.1 nosuch0'))).toMatch(/plugin\/bind: .*:2 - .*not a valid IP address or interface name: "nosuch0"/);
  expect(await refusal(block('bind 127.0.0.1 {\nexcept 127.0.0\n}'))).toContain('not a valid IP address or interface name: "127.0.0"');
  expect(await refusal(block('bind fe80::1%lo'))).toContain('not a valid IP address');
});

test('bind and except want something to name', async () => {
  expect(await refusal(block('bind'))).toContain('Wrong argument count');
  expect(await refusal(block('bind 127.0.0.1 {\nexcept\n}'))).toContain('Wrong argument count');
  expect(await refusal(block('bind 127.0.0.1 {\nonly 127.0.0.1\n}'))).toContain("unknown property 'only'");
});

test('an address that is bound twice is refused', async () => {
  expect(await refusal(block('bind 127.0.0.1 127.0.0.1'))).toContain('cannot serve dns://.:0 on 127.0.0.1 - it is already defined');
});
