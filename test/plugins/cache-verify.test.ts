// cache with `serve_stale … verify TIMEOUT`: an expired answer is asked for again before it is given, but not for longer than that.
import { describe, expect, test } from 'vitest';
import { cached, cacheWith } from '../support/cached.ts';
import type { Answer, Asked } from '../support/upstream.ts';

/** A cache in front of an upstream that gives 192.0.2.1, 192.0.2.2, … one after the other, unless `react` says something else. */
async function verifying(words: string, react: (times: number) => Answer | undefined = () => undefined) {
  let times = 0;
  const answer = ({ message }: Asked): Answer => {
    times++;
    return react(times) ?? { answer: [`${message.questions[0]?.name} 10 A 192.0.2.${times}`] };
  };
  const made = await cached(cacheWith(words), { '* *': answer }, 'metadata\n rewrite edns0 local set 0xfde9 {client_ip}');
  return { ...made, expire: () => made.pass(60) };
}

test('the question is asked again as the client asked it: over UDP, with its address', async () => {
  const { server, upstream, expire } = await verifying('serve_stale 1h verify 5s');
  await server.ask('www.test');
  expire();
  expect(await server.ask('www.test')).toMatchObject({ answers: ['www.test. 10 IN A 192.0.2.2'], flags: ['aa', 'rd', 'ra'] });
  expect(upstream.asked.map(({ text }) => text)).toHaveLength(2);
  expect(upstream.asked[1]?.text).toBe(upstream.asked[0]?.text);
  expect(upstream.asked[1]?.text).toMatch(/^udp .*65001:7f000001/);
});

test('a slow upstream is not waited for: the expired answer is given with the TTL of the option, the new one is kept', async () => {
  const { server, expire } = await verifying('serve_stale 1h verify 20ms 7s', (times) =>
    times === 2 ? { answer: ['www.test 10 A 192.0.2.2'], delay: 150 } : undefined,
  );
  await server.ask('www.test');
  expire();
  expect(await server.ask('www.test')).toMatchObject({ answers: ['www.test. 7 IN A 192.0.2.1'] });
  await expect.poll(async () => (await server.ask('www.test')).answers).toEqual(['www.test. 10 IN A 192.0.2.2']);
});

test('an upstream that fails leaves the expired answer in use', async () => {
  const { server, expire } = await verifying('serve_stale 1h verify 5s', (times) => (times === 2 ? { rcode: 'SERVFAIL' } : undefined));
  await server.ask('www.test');
  expire();
  expect(await server.ask('www.test')).toMatchObject({ answers: ['www.test. 0 IN A 192.0.2.1'] });
});

describe('who asks while the answer is being asked for again', () => {
  const slow: Answer = { answer: ['www.test 10 A 192.0.2.2'], delay: 100 };

  test.each(['verify', 'verify 20s', 'verify 20s 30s 60s'])('with %s waits for that answer, too', async (words) => {
    const { server, upstream, expire } = await verifying(`serve_stale 1h ${words}`, (times) => (times === 2 ? slow : undefined));
    await server.ask('www.test');
    expire();
    const first = server.ask('www.test');
    await upstream.wait(2);
    const others = await Promise.all(['www.test', 'WWW.test'].map((name) => server.ask(name)));
    for (const { answers } of [await first, ...others]) expect(answers.map((line) => line.toLowerCase())).toEqual(['www.test. 10 in a 192.0.2.2']);
    expect(upstream.asked).toHaveLength(2);
  });

  test('gets the expired answer when that fails', async () => {
    const { server, upstream, expire } = await verifying('serve_stale 1h verify 20s 30s 60s', (times) =>
      times === 2 ? { rcode: 'SERVFAIL', delay: 100 } : undefined,
    );
    await server.ask('www.test');
    expire();
    const first = server.ask('www.test');
    await upstream.wait(2);
    for (const { answers } of [await server.ask('www.test'), await first]) expect(answers).toEqual(['www.test. 30 IN A 192.0.2.1']);
    expect((await server.ask('www.test')).answers, 'it has failed a moment ago').toEqual(['www.test. 30 IN A 192.0.2.1']);
    expect(upstream.asked).toHaveLength(2);
  });

  test('waits for a refresh that began before the answer expired', async () => {
    const { server, upstream, pass } = await verifying('prefetch 1 1m 90%\n serve_stale 1h verify 20s', (times) => (times === 2 ? slow : undefined));
    await server.ask('www.test');
    pass(1);
    await server.ask('www.test');
    await upstream.wait(2);
    pass(9);
    expect((await server.ask('www.test')).answers).toEqual(['www.test. 10 IN A 192.0.2.2']);
    expect(upstream.asked).toHaveLength(2);
  });

  test('does not wait any more once the limit is over for the first', async () => {
    const { server, upstream, expire } = await verifying('serve_stale 1h verify 300ms 30s 60s', (times) =>
      times === 2 ? { drop: true } : undefined,
    );
    await server.ask('www.test');
    expire();
    const first = server.ask('www.test');
    await upstream.wait(2);
    expire();
    expect((await server.ask('www.test')).answers).toEqual(['www.test. 30 IN A 192.0.2.1']);
    expect((await first).answers).toEqual(['www.test. 30 IN A 192.0.2.1']);
  });
});

test('an answer that is too large for the client is told to be, and kept when it comes back over TCP', async () => {
  const { server, expire } = await verifying('serve_stale 1h verify 20s', (times) =>
    times === 2 ? { truncate: true } : times === 3 ? { answer: ['www.test 10 A 192.0.2.3'] } : undefined,
  );
  await server.ask('www.test');
  expire();
  expect((await server.ask('www.test')).flags).toContain('tc');
  expect((await server.ask('www.test', 'A', { transport: 'tcp' })).answers).toEqual(['www.test. 10 IN A 192.0.2.3']);
  expect((await server.ask('www.test')).answers).toEqual(['www.test. 10 IN A 192.0.2.3']);
});
