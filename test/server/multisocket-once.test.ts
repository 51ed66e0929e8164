// What a server of several processes does once, and what the others learn of it.
import { ask, freePort, serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startUpstream } from '../support/upstream.ts';

test('an upstream is checked by one process, and every worker knows how it is', async () => {
  const upstream = await startUpstream({ '* *': { drop: true } });
  onTestFinished(() => upstream.stop());
  const checks: number[] = [];
  upstream.script = {
    '. NS': () => {
      checks.push(performance.now());
      return { drop: true };
    },
    '* *': { drop: true },
  };
  const options = 'max_fails 1\nhealth_check 200ms\nfailfast_all_unhealthy_upstreams';
  await using server = await serve(`.:0 {\nprometheus 127.0.0.1:0\nmultisocket 2\nforward . ${upstream.endpoint} {\n${options}\n}\n}`);
  const rcodes = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        ask({ port: server.port, name: `n${i}.test`, timeout: 1000 }).then(
          ({ rcode }) => rcode,
          () => 'none',
        ),
      ),
    );
  // A worker that had to find out by itself would leave its first queries without an answer for seconds.
  await rcodes(1);
  await expect.poll(() => checks.length).toBeGreaterThanOrEqual(3);
  expect(new Set(await rcodes(30))).toEqual(new Set(['SERVFAIL']));
  const gaps = checks.slice(1).map((time, i) => time - (checks[i] ?? 0));
  // A check fails after a second, and the next one comes after the interval.
  expect(Math.min(...gaps)).toBeGreaterThan(1000);
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
