import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';

const soa = (name: string) => `${name} 604800 IN SOA localhost. root.localhost. 1 0 0 0 604800`;

describe('local', () => {
  test.each([
    ['localhost', 'A', 'localhost. 604800 IN A 127.0.0.1'],
    ['localhost', 'AAAA', 'localhost. 604800 IN AAAA ::1'],
    ['localhost', 'SOA', soa('localhost.')],
    ['localhost', 'NS', 'localhost. 604800 IN NS localhost.'],
    ['LocalHost', 'A', 'LocalHost. 604800 IN A 127.0.0.1'],
    ['a.b.localhost', 'AAAA', 'a.b.localhost. 604800 IN AAAA ::1'],
    ['localhost.example.org', 'A', 'localhost.example.org. 604800 IN A 127.0.0.1'],
    ['1.0.0.127.in-addr.arpa', 'PTR', '1.0.0.127.in-addr.arpa. 604800 IN PTR localhost.'],
    ['255.in-addr.arpa', 'NS', '255.in-addr.arpa. 604800 IN NS localhost.'],
    ['0.in-addr.arpa', 'SOA', soa('0.in-addr.arpa.')],
  ])('answers %s %s, without claiming authority', async (name, type, record) => {
    await using server = await serve('.:0 {\n local\n}');
    expect(await server.ask(name, type)).toMatchObject({ rcode: 'NOERROR', flags: ['rd'], answers: [record], authorities: [] });
  });

  test.each([
    ['localhost', 'MX', soa('localhost.')],
    ['a.localhost', 'SOA', soa('a.localhost.')],
    ['localhost.example.org', 'MX', soa('localhost.example.org.')],
    ['127.in-addr.arpa', 'A', soa('127.in-addr.arpa.')],
    ['1.0.0.127.in-addr.arpa', 'A', soa('127.in-addr.arpa.')],
  ])('says that %s has no %s', async (name, type, record) => {
    await using server = await serve('.:0 {\n local\n}');
    expect(await server.ask(name, type)).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [record] });
  });

  test.each([
    ['2.0.0.127.in-addr.arpa', soa('127.in-addr.arpa.')],
    ['1.0.in-addr.arpa', soa('0.in-addr.arpa.')],
    ['1.255.in-addr.arpa', soa('255.in-addr.arpa.')],
  ])('says that %s does not exist', async (name, record) => {
    await using server = await serve('.:0 {\n local\n}');
    expect(await server.ask(name, 'PTR')).toMatchObject({ rcode: 'NXDOMAIN', answers: [], authorities: [record] });
  });

  test('passes on every other name', async () => {
    await using server = await serve('.:0 {\n local\n whoami\n}');
    expect((await server.ask('mylocalhost')).additionals).toHaveLength(2);
    expect((await server.ask('10.in-addr.arpa', 'PTR')).additionals).toHaveLength(2);
  });

  test('localhost_prefix off passes on names that only begin with localhost', async () => {
    await using server = await serve('.:0 {\n local {\n  localhost_prefix off\n }\n whoami\n}');
    expect((await server.ask('localhost.example.org')).additionals).toHaveLength(2);
    expect((await server.ask('example.localhost')).answers).toEqual(['example.localhost. 604800 IN A 127.0.0.1']);
  });

  test('of several uses the last word on localhost_prefix counts', async () => {
    await using server = await serve('.:0 {\n local {\n  localhost_prefix off\n }\n local {\n  localhost_prefix on\n }\n local\n}');
    expect((await server.ask('localhost.example.org')).answers).toHaveLength(1);
  });

  test('counts the names below or behind localhost, not localhost itself', async () => {
    await using server = await serve('.:0 {\n local\n}');
    for (const name of ['localhost', 'a.localhost', 'localhost.example.org', '127.in-addr.arpa']) await server.ask(name);
    expect(await server.metrics()).toMatch(/^coredns_local_localhost_requests_total 2$/m);
  });

  test.each([
    ['local x', "Wrong argument count or unexpected line ending after 'x'"],
    ['local {\n localhost_prefix maybe\n}', "unexpected 'maybe'"],
    ['local {\n localhost_prefix\n}', "Wrong argument count or unexpected line ending after 'localhost_prefix'"],
    ['local {\n nonsense\n}', "unknown property 'nonsense'"],
  ])('refuses %j', async (directive, message) => {
    await expect(serve(`.:0 {\n${directive}\n}`)).rejects.toThrow(message);
  });
});
