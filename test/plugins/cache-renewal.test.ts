// cache: what takes the place of what. A newer reply ends what was known before, an answer a denial and a denial an answer; a failure ends nothing.
import { describe, expect, test } from 'vitest';
import { cached, cacheWith, soa } from '../support/cached.ts';
import type { Answer } from '../support/upstream.ts';

const answer: Answer = { answer: ['x.example.org 300 A 192.0.2.1'] };
const nxdomain = (ttl: number): Answer => ({ rcode: 'NXDOMAIN', authority: [soa(ttl)] });
const nodata: Answer = { authority: [soa(2)] };
const alias = (ttl: number): Answer => ({ answer: [`x.example.org ${ttl} CNAME y.example.org`], authority: [soa(ttl)] });

const kinds = { answer: { answer: ['x.example.org 2 A 192.0.2.9'] }, nxdomain: nxdomain(2), nodata, alias: alias(2) } as const;
const renewed = { answer, nxdomain: nxdomain(300), nodata: { authority: [soa(300)] }, alias: alias(300) };
const seen = ({ rcode, answers }: { rcode: string; answers: readonly string[] }) =>
  `${rcode} ${answers.map((line) => line.split(' ').slice(3).join(' ')).join()}`;
const shown = {
  answer: 'NOERROR A 192.0.2.1',
  nxdomain: 'NXDOMAIN ',
  nodata: 'NOERROR ',
  alias: 'NOERROR CNAME y.example.org.',
};

const changes = Object.keys(kinds).flatMap((old) => Object.keys(renewed).flatMap((now) => (old === now ? [] : [[old, now] as const])));
const ways = [
  'serve_stale 1h',
  'serve_stale 1h immediate 30s 60s',
  'serve_stale 1h verify',
  'serve_stale 1h verify 20s 30s 60s',
  'prefetch 1 1m 90%',
];
const bounds = ['success 100 300 1', 'denial 100 300 1'];

describe.each(ways)('with %s', (way) => {
  test.each(changes)('%s that has become %s is answered so from then on, and the upstream is not asked again', async (old, now) => {
    const { server, upstream, pass } = await cached(cacheWith(...bounds, way), {
      '* *': { sequence: [kinds[old as keyof typeof kinds], renewed[now as keyof typeof renewed]] },
    });
    await server.ask('x.example.org');
    pass(way.startsWith('prefetch') ? 1 : 2);
    await expect.poll(async () => seen(await server.ask('x.example.org'))).toBe(shown[now as keyof typeof shown]);
    pass(2);
    expect(seen(await server.ask('x.example.org'))).toBe(shown[now as keyof typeof shown]);
    expect(upstream.asked).toHaveLength(2);
  });
});

test('each type has answers and denials of its own', async () => {
  const { server, pass } = await cached(cacheWith(...bounds, 'serve_stale 1h verify'), {
    '* A': { sequence: [nodata, answer] },
    '* AAAA': { authority: [soa(300)] },
  });
  for (const type of ['A', 'AAAA']) await server.ask('x.example.org', type);
  pass(3);
  expect(seen(await server.ask('x.example.org', 'A'))).toBe('NOERROR A 192.0.2.1');
  expect(seen(await server.ask('x.example.org', 'AAAA'))).toBe('NOERROR ');
});

describe('a newer reply that is not kept itself', () => {
  test.each<[string, Answer]>([
    ['has TTL 0', { answer: ['x.example.org 0 A 192.0.2.7'] }],
    ['denies without a SOA', { rcode: 'NXDOMAIN' }],
    ['is empty without a SOA', {}],
    ['is for one network', { answer: ['x.example.org 60 A 192.0.2.7'], opt: { options: [{ code: 8, data: '000118180a0a01' }] } }],
  ])('and %s ends the expired answer', async (_, reply) => {
    const { server, upstream, pass } = await cached(cacheWith('success 100', 'serve_stale 1h'), { '* *': { sequence: [kinds.answer, reply] } });
    await server.ask('x.example.org');
    pass(6);
    expect(seen(await server.ask('x.example.org', 'A', { udpSize: 1232 }))).toBe('NOERROR A 192.0.2.9');
    await expect.poll(async () => seen(await server.ask('x.example.org', 'A', { udpSize: 1232 }))).not.toBe('NOERROR A 192.0.2.9');
    const { length } = upstream.asked;
    await server.ask('x.example.org', 'A', { udpSize: 1232 });
    expect(upstream.asked).toHaveLength(length + 1);
  });
});

describe('a failure', () => {
  test.each(['SERVFAIL', 'NOTIMP', 'REFUSED', 'FORMERR'])('%s in place of a refresh leaves the answer and the denial in use', async (rcode) => {
    for (const [kind, text] of [
      ['answer', 'NOERROR A 192.0.2.9'],
      ['nxdomain', 'NXDOMAIN '],
    ] as const) {
      for (const way of ways) {
        const { server, upstream, pass } = await cached(cacheWith(...bounds, way), { '* *': { sequence: [kinds[kind], rcode] } });
        await server.ask('x.example.org');
        pass(way.startsWith('prefetch') ? 1 : 2);
        expect(seen(await server.ask('x.example.org'))).toBe(text);
        await upstream.wait(2);
        expect([way, seen(await server.ask('x.example.org'))]).toEqual([way, text]);
      }
    }
  });

  test('to prefetch is not repeated at each hit', async () => {
    const { server, upstream, pass } = await cached(cacheWith('success 100 100 1', 'prefetch 1 1m 90%'), {
      '* *': { sequence: [{ answer: ['x.example.org 100 A 192.0.2.9'] }, 'SERVFAIL'] },
    });
    await server.ask('x.example.org');
    pass(20);
    await server.ask('x.example.org');
    await upstream.wait(2);
    for (let i = 0; i < 3; i++) await server.ask('x.example.org');
    expect(upstream.asked).toHaveLength(2);
    pass(5);
    await server.ask('x.example.org');
    await upstream.wait(3);
  });

  test.each(['SERVFAIL', 'NOTIMP'])('%s is never given when it is over', async (rcode) => {
    for (const way of ways) {
      const { server, upstream, pass } = await cached(cacheWith(way), { '* *': { sequence: [rcode, answer] } });
      expect((await server.ask('x.example.org')).rcode).toBe(rcode);
      pass(4);
      expect((await server.ask('x.example.org')).rcode).toBe(rcode);
      expect(upstream.asked).toHaveLength(1);
      pass(1);
      expect([way, seen(await server.ask('x.example.org'))]).toEqual([way, shown.answer]);
    }
  });
});

describe('an answer under serve_stale_policy prefer_positive', () => {
  const policy = ['serve_stale 1h', 'serve_stale_policy prefer_positive'];

  test('outlives a denial, until it could not be given any more', async () => {
    const { server, pass } = await cached(cacheWith(...bounds, ...policy), { '* *': { sequence: [kinds.answer, nxdomain(300)] } });
    await server.ask('x.example.org');
    for (let i = 0; i < 3; i++) {
      pass(1000);
      expect(seen(await server.ask('x.example.org'))).toBe('NOERROR A 192.0.2.9');
    }
    pass(1000);
    expect(seen(await server.ask('x.example.org'))).toBe('NXDOMAIN ');
  });

  test('ends a denial', async () => {
    const { server, upstream, pass } = await cached(cacheWith(...bounds, ...policy), { '* *': { sequence: [nxdomain(2), answer] } });
    await server.ask('x.example.org');
    pass(3);
    await expect.poll(async () => seen(await server.ask('x.example.org'))).toBe(shown.answer);
    expect(upstream.asked).toHaveLength(2);
  });
});
