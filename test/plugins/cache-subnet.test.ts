// cache and EDNS options: client subnets and extended errors, on the first reply and on hits (RFC 7871 sections 7.2.2 and 7.3, RFC 8914).
import { describe, expect, test } from 'vitest';
import { cached, cacheWith, soa } from '../support/cached.ts';
import { ask } from '../support/client.ts';
import type { Answer, Asked } from '../support/upstream.ts';

/** The data of an option for 10.10.N.0/24, or for another prefix of it, as hex. */
const network = (n: number, { source = 24, scope = 0 } = {}) =>
  Buffer.from([0, 1, source, scope, ...[10, 10, n].slice(0, Math.ceil(source / 8))]).toString('hex');
const subnetOf = ({ message }: Asked) => message.opt?.options.find(({ code }) => code === 8)?.data;
const withScope = (data: string, scope: number) => data.slice(0, 6) + scope.toString(16).padStart(2, '0') + data.slice(8);

/** Answers 192.0.2.N by network N, 192.0.2.200 without one; the scope of the answer is `scope`, undefined for a server without client subnet. */
const byNetwork =
  (scope: number | undefined, more: Answer = {}) =>
  (asked: Asked): Answer => {
    const data = subnetOf(asked);
    const host = data === undefined ? 200 : Number.parseInt(data.slice(12, 14) || '0', 16);
    const opt = data === undefined || scope === undefined ? {} : { opt: { options: [{ code: 8, data: withScope(data, scope) }] } };
    return { answer: [`${asked.message.questions[0]?.name} 60 A 192.0.2.${host}`], ...opt, ...more };
  };

/** "192.0.2.1 8:00011818…": the address and the options of the reply. */
async function answerTo(server: { port: number }, words: string): Promise<string> {
  const { reply } = await ask(server, `www.example.org A ${words}`.trim());
  const options = reply?.opt?.options.map(({ code, data }) => `${code}:${data}`) ?? [];
  return [reply?.answer[0]?.data ?? reply?.rcode, ...options].join(' ');
}
const subnet = (data: string) => `+option=8:${data}`;

describe('an answer for one network', () => {
  test('says so, and nobody else gets it: neither other networks nor those who name none', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(24) });
    for (let round = 0; round < 2; round++) {
      expect(await answerTo(server, subnet(network(1)))).toBe(`192.0.2.1 8:${network(1, { scope: 24 })}`);
      expect(await answerTo(server, subnet(network(2)))).toBe(`192.0.2.2 8:${network(2, { scope: 24 })}`);
      expect(await answerTo(server, '+edns')).toBe('192.0.2.200');
    }
    expect(upstream.asked.filter((asked) => subnetOf(asked) === undefined)).toHaveLength(1);
  });

  test('is not given to those who ask while it is being asked for', async () => {
    const { server, upstream } = await cached(
      'cache',
      { '* *': (asked) => byNetwork(24, { delay: 50 })(asked) },
      'rewrite edns0 subnet replace 24 56',
    );
    const first = answerTo(server, subnet(network(1)));
    await upstream.wait(1);
    expect(await answerTo(server, '')).toBe('192.0.2.200');
    // It is rewritten to 127.0.0.0/24, whose answer says nothing of other networks: it is told to be for the asker's own.
    expect(await first).toBe(`192.0.2.0 8:${network(1, { scope: 24 })}`);
  });

  test('may be narrower than the network that was named', async () => {
    const { server } = await cached('cache', { '* *': byNetwork(32) });
    expect(await answerTo(server, subnet(network(1)))).toBe(`192.0.2.1 8:${network(1, { scope: 32 })}`);
  });
});

describe('an answer for every network', () => {
  test('is given to all, to each with the network that it has named', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(0) });
    expect(await answerTo(server, subnet(network(1)))).toBe(`192.0.2.1 8:${network(1)}`);
    expect(await answerTo(server, subnet(network(2, { source: 23 })))).toBe(`192.0.2.1 8:${network(2, { source: 23 })}`);
    expect(await answerTo(server, '+edns')).toBe('192.0.2.1');
    expect(await answerTo(server, '')).toBe('192.0.2.1');
    expect(upstream.asked).toHaveLength(1);
  });

  test('is that of a server which does not know client subnets, too', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(undefined) });
    for (const words of [subnet(network(1)), subnet(network(2)), '+edns']) expect(await answerTo(server, words)).toBe('192.0.2.1');
    expect(upstream.asked).toHaveLength(1);
  });

  test('is not one that was asked for without naming a network', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(0) });
    expect(await answerTo(server, '')).toBe('192.0.2.200');
    expect(await answerTo(server, subnet(network(1)))).toBe(`192.0.2.1 8:${network(1)}`);
    expect(await answerTo(server, '')).toBe('192.0.2.1');
    expect(upstream.asked).toHaveLength(2);
  });

  test('is not one about another network than that asked about', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(0, { opt: { options: [{ code: 8, data: network(9) }] } }) });
    await answerTo(server, subnet(network(1)));
    expect(await answerTo(server, subnet(network(2)))).toContain('192.0.2.2');
    expect(upstream.asked).toHaveLength(2);
  });
});

test('who asks that no network be told has answers of its own', async () => {
  const { server, upstream } = await cached('cache', { '* *': byNetwork(0) });
  const hidden = subnet(network(0, { source: 0 }));
  expect(await answerTo(server, '')).toBe('192.0.2.200');
  for (let round = 0; round < 2; round++) expect(await answerTo(server, hidden)).toBe('192.0.2.0 8:00010000');
  expect(await answerTo(server, '')).toBe('192.0.2.200');
  expect(upstream.asked).toHaveLength(2);
});

test('a failure of a question about one network says nothing of others', async () => {
  const rcode = 'SERVFAIL';
  const { server } = await cached('cache', { '* *': (asked) => (subnetOf(asked) === undefined ? byNetwork(0)(asked) : { rcode }) });
  for (const data of [network(1), '00012000']) expect(await answerTo(server, subnet(data))).toBe(rcode);
  expect(await answerTo(server, '')).toBe('192.0.2.200');
});

test('a reply with two client subnets is for its asker alone, and gives one', async () => {
  const twice = [network(1), network(1, { scope: 24 })].map((data) => ({ code: 8, data }));
  const { server, upstream } = await cached('cache', { '* *': byNetwork(0, { opt: { options: twice } }) });
  for (let round = 0; round < 2; round++) expect(await answerTo(server, subnet(network(1)))).toBe(`192.0.2.1 8:${network(1)}`);
  expect(upstream.asked).toHaveLength(2);
});

test('a query whose client subnet is none is refused, and asks nobody', async () => {
  const { server, upstream } = await cached('cache', { '* *': byNetwork(0) });
  for (const data of ['0009180a0a01', '000121000a0a010203', '00']) expect(await answerTo(server, subnet(data))).toBe('FORMERR');
  expect(upstream.asked).toHaveLength(0);
});

test('a reply to a client subnet with other octets than its prefix asks for is for its asker alone, without the option', async () => {
  const { server, upstream } = await cached('cache', { '* *': byNetwork(0) });
  for (const data of ['000118000a0a', '000117000a0aff']) {
    expect(await answerTo(server, subnet(data))).toMatch(/^\S+$/);
  }
  expect(await answerTo(server, '')).toBe('192.0.2.200');
  expect(upstream.asked).toHaveLength(3);
});

describe('a refresh', () => {
  test('for one network ends an answer that was for every network', async () => {
    const { server, upstream, pass } = await cached(cacheWith('serve_stale 1h'), {
      '* *': { sequence: [byNetwork(0), byNetwork(24)] },
    });
    await answerTo(server, subnet(network(1)));
    pass(61);
    expect(await answerTo(server, subnet(network(2)))).toContain('192.0.2.1 ');
    await expect.poll(() => answerTo(server, subnet(network(3)))).toBe(`192.0.2.3 8:${network(3, { scope: 24 })}`);
    expect(await answerTo(server, '')).toBe('192.0.2.200');
    expect(upstream.asked.length).toBeGreaterThanOrEqual(4);
  });
});

describe('extended errors', () => {
  const blocked = { opt: { options: [{ code: 15, data: '000f6e6f' }] } };

  test('of the upstream are given with the first reply and with each hit, to those who speak EDNS', async () => {
    const { server, upstream } = await cached('cache', { '* *': byNetwork(0, blocked) }, 'loadbalance');
    for (let round = 0; round < 3; round++) expect(await answerTo(server, '+edns')).toBe('192.0.2.200 15:000f6e6f');
    expect(await answerTo(server, '')).toBe('192.0.2.200');
    expect(upstream.asked).toHaveLength(1);
  });

  test.each([
    ['answer', { answer: ['www.example.org 5 A 192.0.2.1'] }, '192.0.2.1 15:0003'],
    ['denial', { rcode: 'NXDOMAIN', authority: [soa(5)] }, 'NXDOMAIN 15:0013'],
    ['answer with an error of its own', { answer: ['www.example.org 5 A 192.0.2.1'], ...blocked }, '192.0.2.1 15:000f6e6f 15:0003'],
  ])('say of an %s that has expired that it has', async (_, reply, expected) => {
    for (const way of ['serve_stale', 'serve_stale 1h verify']) {
      const { server, pass } = await cached(cacheWith(way), { '* *': { sequence: [reply, 'SERVFAIL'] } });
      await answerTo(server, '+edns');
      pass(6);
      expect(await answerTo(server, '+edns')).toBe(expected);
      expect(await answerTo(server, '')).toBe(expected.split(' ')[0]);
    }
  });
});
