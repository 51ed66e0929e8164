import { serve, type TestServer } from 'ferrydns/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { OverloadProbe } from '../../plugins/health/probe.ts';
import { MetricsRegistry } from '../../src/metrics/registry.ts';
import { block, refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const address = '127.0.0.1:0';
afterEach(() => void vi.useRealTimers());

const get = (server: TestServer, path: string) => fetch(`http://127.0.0.1:${server.server.httpPort(address)}${path}`);
const sample = async (server: TestServer, name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(await server.metrics())?.[1]);

test('health says OK at /health and nowhere else', async () => {
  await using server = await serve(block(`health ${address}`));
  const response = await get(server, '/health');
  expect([response.status, await response.text()]).toEqual([200, 'OK']);
  expect((await get(server, '/')).status).toBe(404);
});

test('several blocks may name one address, and several plugins too', async () => {
  const corefile = `.:0 {\nhealth ${address}\nready ${address}\nwhoami\n}\nexample.org:0 {\nhealth ${address}\nwhoami\n}`;
  await using server = await serve(corefile);
  expect((await get(server, '/health')).status).toBe(200);
  expect((await get(server, '/ready')).status).toBe(200);
});

test('of several uses in a block the last address and the last lameduck count', async () => {
  await using server = await serve(block('health 127.0.0.1:1', `health ${address} {\nlameduck 20ms\n}`, 'health'));
  expect((await get(server, '/health')).status).toBe(200);
  await server.server.stop();
  expect(server.lines).toContain('[INFO] plugin/health: Going into lameduck mode for 20ms');
});

test('the server asks its own endpoint every second', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using server = await serve(block(`health ${address}`));
  expect(await sample(server, 'coredns_health_request_duration_seconds_count')).toBe(0);
  vi.advanceTimersByTime(1000);
  await vi.waitFor(async () => expect(await sample(server, 'coredns_health_request_duration_seconds_count')).toBe(1), soon);
  expect(await sample(server, 'coredns_health_request_failures_total')).toBe(0);
  expect(await server.metrics()).toContain('coredns_health_request_duration_seconds_bucket{le="2.5"} ');
  expect(await sample(server, 'coredns_health_request_duration_seconds_sum')).toBeLessThan(soon.timeout / 1000);
});

test('a probe that fails is counted and told', async () => {
  const metrics = new MetricsRegistry();
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn: (line: string) => void lines.push(line), error() {}, debugging: false };
  let time = 0;
  const now = () => time++;
  const probe = new OverloadProbe(':8080', { metrics, log, now } as unknown as ConstructorParameters<typeof OverloadProbe>[1]);
  await probe.run(1);
  expect(lines).toEqual([expect.stringMatching(/^Local health request to "http:\/\/:8080\/health" failed: /)]);
  const { body } = await metrics.expose();
  expect(body).toContain('coredns_health_request_failures_total 1');
  expect(body).toContain('coredns_health_request_duration_seconds_count 1');
});

test('a probe that takes more than a second is told', async () => {
  await using server = await serve(block(`health ${address}`));
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn: (line: string) => void lines.push(line), error() {}, debugging: false };
  let time = 0;
  const now = () => {
    time += 1500;
    return time;
  };
  const context = { metrics: new MetricsRegistry(), log, now } as unknown as ConstructorParameters<typeof OverloadProbe>[1];
  await new OverloadProbe('127.0.0.1:8080', context).run(server.server.httpPort(address) ?? 0);
  expect(lines).toEqual(['Local health request to "http://127.0.0.1:8080/health" took more than 1s: 1.5s']);
});

test.each([
  ['health nowhere', 'address nowhere: missing port in address'],
  ['health :99999', 'invalid port'],
  ['health :1 :2', 'Wrong argument count'],
  ['health {\nlameduck\n}', 'Wrong argument count'],
  ['health {\nlameduck 5\n}', "missing unit in duration '5'"],
  ['health {\nsick\n}', "unknown property 'sick'"],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});
