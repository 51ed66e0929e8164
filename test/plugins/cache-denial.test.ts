// cache: how long a denial holds, and which reply is none (RFC 2308 sections 2 and 5).
import { expect, test } from 'vitest';
import { cached, cacheWith, soa } from '../support/cached.ts';
import type { Answer } from '../support/upstream.ts';

test.each([
  [300, 6, 6],
  [6, 300, 6],
  [300, 3, 5],
  [86_400, 86_400, 1800],
  [4_000_000, 0xffffffff, 1800],
])('a denial is kept for the lower of TTL %i and MINIMUM %i of its SOA within the bounds: %i seconds', async (ttl, minimum, seconds) => {
  const authority = [soa(ttl, minimum)];
  for (const reply of [{ rcode: 'NXDOMAIN', authority }, { authority }, { answer: ['no.example.org 9000 CNAME z.example.org'], authority }]) {
    const { server, upstream, pass } = await cached('cache', { '* *': reply });
    expect((await server.ask('no.example.org')).authorities[0]).toMatch(new RegExp(`^example\\.org\\. ${seconds} IN SOA`));
    pass(seconds - 1);
    expect((await server.ask('no.example.org')).authorities[0]).toContain(' 1 IN SOA');
    pass(1);
    await server.ask('no.example.org');
    expect(upstream.asked).toHaveLength(2);
  }
});

test('a denial with MINIMUM 0 is not kept, unless a lowest TTL is stated', async () => {
  for (const [block, times] of [
    ['cache', 2],
    [cacheWith('denial 100 60 10'), 1],
  ] as const) {
    const { server, upstream } = await cached(block, { '* *': { rcode: 'NXDOMAIN', authority: [soa(300, 0)] } });
    for (let i = 0; i < 2; i++) await server.ask('no.example.org');
    expect(upstream.asked).toHaveLength(times);
  }
});

const stray = ['other.test 3600 A 192.0.2.9'];
test.each<[string, Answer]>([
  ['an empty reply', {}],
  ['an empty reply with additional records', { additional: stray }],
  ['an empty authoritative reply with name servers', { flags: ['aa'], authority: ['example.org 3600 NS ns.example.org'] }],
  ['an alias that leads nowhere', { answer: ['x.example.org 3600 CNAME y.example.org'] }],
  ['an answer of another type', { answer: ['x.example.org 3600 TXT "text"'] }],
  ['NXDOMAIN', { rcode: 'NXDOMAIN' }],
  ['NXDOMAIN with additional records', { rcode: 'NXDOMAIN', additional: stray }],
  ['NXDOMAIN with name servers', { rcode: 'NXDOMAIN', authority: ['example.org 3600 NS ns.example.org'] }],
])('%s without a SOA is not kept, whatever the bounds', async (_, reply) => {
  for (const block of ['cache', cacheWith('success 9984 600 300', 'denial 9984 600 300', 'serve_stale 1h')]) {
    const { server, upstream } = await cached(block, { '* *': { sequence: [reply, { answer: ['x.example.org 60 A 192.0.2.1'] }] } });
    await server.ask('x.example.org');
    expect((await server.ask('x.example.org')).answers).toHaveLength(1);
    expect(upstream.asked).toHaveLength(2);
  }
});

test('a referral is kept for five seconds, whatever the bounds', async () => {
  const referral = { authority: ['x.example.org 3600 NS ns.x.example.org'], additional: ['ns.x.example.org 3600 A 192.0.2.53'] };
  for (const block of ['cache', cacheWith('success 9984 600 300')]) {
    const { server, upstream, pass } = await cached(block, { '* *': referral });
    await server.ask('x.example.org');
    pass(4);
    expect((await server.ask('x.example.org')).authorities).toEqual(['x.example.org. 1 IN NS ns.x.example.org.']);
    pass(1);
    await server.ask('x.example.org');
    expect(upstream.asked).toHaveLength(2);
  }
});
