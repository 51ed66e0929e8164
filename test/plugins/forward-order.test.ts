// Whom `policy sequential` asks, and what an upstream's health is told by.
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readQuestion } from '../../src/plugin/explanation.ts';
import { soon } from '../support/soon.ts';
import { type Answer, type Asked, type Script, startUpstream, type Upstream } from '../support/upstream.ts';

const upstreamWith = async (script: Script): Promise<Upstream> => {
  const upstream = await startUpstream(script);
  onTestFinished(() => upstream.stop());
  return upstream;
};
const serverWith = async (...lines: string[]): Promise<TestServer> => {
  const server = await serve(['.:0 {', 'errors', ...lines, '}'].join('\n'));
  onTestFinished(() => server.stop());
  return server;
};
const silence: Answer = { drop: true };
const after = (delay: number) => (asked: Asked) => ({ answer: [`${asked.message.questions[0]?.name} 60 A 192.0.2.1`], delay });
const names = (upstream: Upstream) => upstream.asked.map(({ message }) => message.questions[0]?.name);
const queries = (upstream: Upstream) => names(upstream).filter((name) => name !== '.');
const checks = (upstream: Upstream) => names(upstream).filter((name) => name === '.');
const answered = async (server: TestServer, ...asked: string[]) => {
  const replies = await Promise.all(asked.map((name) => server.ask(name)));
  return replies.map(({ answers }) => answers.length);
};
const ten = Array.from({ length: 10 }, (_, i) => `n${i}.example.org`);

test.each<[string, Script]>([
  ['answers checks', { '. NS': [] }],
  ['is silent to checks', { '. NS': silence }],
  ['refuses checks', { '. NS': 'REFUSED' }],
  ['fails at checks', { '. NS': 'SERVFAIL' }],
])('a slow upstream that comes first and %s is waited for, however many ask at once', async (_, checks) => {
  const first = await upstreamWith({ ...checks, '* *': after(600) });
  const second = await upstreamWith({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward . ${first.endpoint} ${second.endpoint} {`, 'policy sequential', 'health_check 20ms', 'max_fails 1', '}');
  // The first one may be taken for silent when a busy machine holds it up for two seconds.
  await expect.poll(() => answered(server, ...ten.slice(0, 4))).toEqual([1, 1, 1, 1]);
  second.asked.length = 0;
  for (const name of ten.slice(4, 6)) expect(await answered(server, name)).toEqual([1]);
  expect(queries(second)).toEqual([]);
  expect(await server.metrics()).toMatch(new RegExp(`coredns_proxy_healthcheck_failures_total\\{.*${first.endpoint}.*\\} 0`));
});

test('a dead upstream that comes first costs one query its read_timeout, and no other anything', async () => {
  const dead = await upstreamWith({ '* *': silence });
  const second = await upstreamWith({ '* *': 'NXDOMAIN' });
  const server = await serverWith(`forward . ${dead.endpoint} ${second.endpoint} {`, 'policy sequential', 'read_timeout 100ms', '}');
  for (const name of ten) expect((await server.ask(name)).rcode).toBe('NXDOMAIN');
  expect(queries(dead)[0]).toBe('n0.example.org.');
  expect(queries(second)).toEqual(ten.map((name) => `${name}.`));
  // Its health is tried by a query once in a while.
  expect(queries(dead).length).toBeLessThan(ten.length);
});

test('an upstream that is back is asked first again, though it never answers a check', async () => {
  const first = await upstreamWith({ '* *': silence });
  const second = await upstreamWith({ '* *': 'NXDOMAIN' });
  const options = ['policy sequential', 'read_timeout 100ms', 'health_check 10ms', 'max_fails 1'];
  const server = await serverWith(`forward . ${first.endpoint} ${second.endpoint} {`, ...options, '}');
  expect((await server.ask('www.example.org')).rcode).toBe('NXDOMAIN');
  first.script = { '. NS': silence, '* *': after(0) };
  await expect.poll(() => answered(server, 'www.example.org'), { ...soon, interval: 50 }).toEqual([1]);
});

test.each(['random', 'round_robin', 'sequential'])(
  'with policy %s an upstream that answers queries is not down, whatever becomes of its checks',
  async (policy) => {
    let turn = 0;
    // Every third datagram is lost, which makes it be checked.
    const lossy = await upstreamWith({ '. NS': silence, '* *': (asked) => (turn++ % 3 === 0 ? silence : after(0)(asked)) });
    const server = await serverWith(
      `forward . ${lossy.endpoint} {`,
      `policy ${policy}`,
      'read_timeout 50ms',
      'health_check 10ms',
      'max_fails 1',
      '}',
    );
    const health = async () => JSON.stringify((await server.server.own.explain(readQuestion({ name: 'www.example.org' }))).steps);
    const until = performance.now() + 2500;
    while (performance.now() < until) {
      const [answers] = await answered(server, 'www.example.org');
      // On a busy machine a reply may be late.
      if (answers === 1) expect(await health()).toContain(`upstream ${lossy.endpoint} is up, replies in`);
    }
    expect(checks(lossy)).not.toEqual([]);
  },
);
