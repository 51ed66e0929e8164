// What may come out of the cache: how long it holds, and what is said of it when it is over.
import { expect, test } from 'vitest';
import { cached, cacheWith, soa } from '../support/cached.ts';
import { ask } from '../support/client.ts';
import { recordText } from '../support/message.ts';

const day = 24 * 60 * 60;
/** The code of extended errors (RFC 8914 section 5.1). */
const extendedError = 15;

test('all records of a set count down together, from the lowest of their TTLs (RFC 2181 section 5.2)', async () => {
  const records = ['a.test 60 A 192.0.2.1', 'a.test 50 A 192.0.2.2', 'a.test 70 A 192.0.2.3'];
  const { server, pass } = await cached('cache', { 'a.test A': records });
  const seen: (number | undefined)[][] = [];
  for (const seconds of [0, 3, 44]) {
    pass(seconds);
    seen.push((await ask(server, 'a.test A')).reply?.answer.map(({ ttl }) => ttl) ?? []);
  }
  expect(seen).toEqual([50, 47, 3].map((ttl) => [ttl, ttl, ttl]));
});

test('an answer that is over is given for as long as serve_stale says, with its TTL and extended error 3 (RFC 8767, RFC 8914)', async () => {
  let fails = false;
  const { server, pass } = await cached(cacheWith('serve_stale 24h verify 100ms 30s'), {
    'www.example.org A': () => (fails ? { rcode: 'SERVFAIL' } : { answer: ['www.example.org 60 A 192.0.2.1'] }),
    'gone.example.org A': () => (fails ? { rcode: 'SERVFAIL' } : { rcode: 'NXDOMAIN', authority: [soa(60)] }),
  });
  const told = async (name: string) => {
    const { reply } = await ask(server, `${name} A +edns`);
    const codes = reply?.opt?.options.filter(({ code }) => code === extendedError).map(({ data }) => Number.parseInt(data.slice(0, 4), 16));
    return [reply?.rcode, reply?.answer.map(recordText), codes];
  };
  expect([await told('www.example.org'), await told('gone.example.org')]).toEqual([
    ['NOERROR', ['www.example.org. 60 IN A 192.0.2.1'], []],
    ['NXDOMAIN', [], []],
  ]);
  fails = true;
  pass(day);
  expect([await told('www.example.org'), await told('gone.example.org')]).toEqual([
    ['NOERROR', ['www.example.org. 30 IN A 192.0.2.1'], [3]],
    ['NXDOMAIN', [], [19]],
  ]);
  pass(day);
  expect([(await told('www.example.org'))[0], (await told('gone.example.org'))[0]]).toEqual(['SERVFAIL', 'SERVFAIL']);
});
