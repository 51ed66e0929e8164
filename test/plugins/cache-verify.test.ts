// cache with `serve_stale … verify TIMEOUT`: an expired answer is asked for again before it is given, but not for longer than that.
import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { type Answer, type Asked, startUpstream } from '../support/upstream.ts';

/** A cache in front of an upstream that gives 192.0.2.1, 192.0.2.2, … one after the other, unless `react` says something else. */
async function verifying(words: string, react: (times: number) => Answer | undefined = () => undefined) {
  let now = 1_000_000;
  let times = 0;
  const answer = ({ message }: Asked): Answer => {
    times++;
    return react(times) ?? { answer: [`${message.questions[0]?.name} 10 A 192.0.2.${times}`] };
  };
  const upstream = await startUpstream({ '* *': answer });
  const corefile = `.:0 {\n metadata\n errors\n rewrite edns0 local set 0xfde9 {client_ip}\n cache {\n ${words}\n }\n forward . ${upstream.endpoint}\n}`;
  const server = await serve(corefile, { now: () => now });
  onTestFinished(async () => {
    await server.stop();
    await upstream.stop();
  });
  return { server, upstream, expire: () => (now += 60_000) };
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
