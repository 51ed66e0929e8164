// What a server of several processes does once, and what the others learn of it.
import { ask, freePort, serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startUpstream } from '../support/upstream.ts';

test('an upstream is checked by one process, and every worker knows how it is', async () => {
  const upstream = await startUpstream({ '* *': { drop: true } });
  onTestFinished(() => upstream.stop());
  let checks = 0;
  upstream.script = {
    '. NS': () => {
      checks++;
      return { drop: true };
    },
    '* *': { drop: true },
  };
  const options = 'max_fails 1\nhealth_check 200ms\nfailfast_all_unhealthy_upstreams';
  await using server = await serve(`.:0 {\nprometheus 127.0.0.1:0\nmultisocket 2\nforward . ${upstream.endpoint} {\n${options}\n}\n}`);
  const rcodes = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        ask({ port: server.port, name: `n${i}.test`, timeout: 2000 }).then(
          ({ rcode }) => rcode,
          () => 'none',
        ),
      ),
    );
  // A worker that had to find out by itself would leave its first queries without an answer for seconds.
  const began = performance.now();
  await rcodes(1);
  await expect.poll(() => checks).toBeGreaterThanOrEqual(3);
  await expect.poll(async () => new Set(await rcodes(30))).toEqual(new Set(['SERVFAIL']));
  // A check fails after a second, and the next one comes after the interval.
  expect((checks - 1) * 1000).toBeLessThan(performance.now() - began);
  expect(await server.metrics()).toMatch(/coredns_forward_healthcheck_broken_total [1-9]/);
  upstream.script = { '. NS': [], '* *': 'NXDOMAIN' };
  await expect.poll(async () => new Set(await rcodes(20))).toEqual(new Set(['NXDOMAIN']));
});

test('a loop is noticed, whichever workers its queries come by', async () => {
  const port = await freePort();
  const statuses: number[] = [];
  const corefile = `.:${port} {\nmultisocket 2\nloop\nforward . 127.0.0.1:${port}\n}`;
  await using server = await serve(corefile, { exit: (status) => statuses.push(status) });
  await expect.poll(() => statuses).toContain(1);
  expect(server.lines.join('\n')).toMatch(/\[FATAL\] plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+\) detected for zone "\."/);
});

test('the configuration is looked after and announced by one process', async () => {
  await using server = await serve('.:0 {\nmultisocket 2\nreload\nwhoami\n}');
  await server.reload('.:0 {\nmultisocket 2\nreload\nerrors\nwhoami\n}');
  expect(server.lines.filter((line) => line.includes('Running configuration SHA512'))).toHaveLength(2);
});
