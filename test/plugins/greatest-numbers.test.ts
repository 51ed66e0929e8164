// The greatest number that each option takes: what it sets is a bound, and no memory is taken for it.
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';

const greatest = String(Number.MAX_SAFE_INTEGER);

test.each([
  ['cache', `cache ${greatest}`],
  ['cache', `cache {\n success ${greatest} ${greatest} ${greatest}\n denial ${greatest} ${greatest} ${greatest}\n prefetch ${greatest}\n }`],
  ['forward', `forward . 127.0.0.1:9 {\n max_fails 4294967295\n max_concurrent ${greatest}\n max_idle_conns ${greatest}\n }`],
  ['grpc_server', `grpc_server {\n max_connections ${greatest}\n max_streams ${greatest}\n }`],
  ['https', `https {\n max_connections ${greatest}\n }`],
  ['timeouts', `timeouts {\n maxtcpqueries ${greatest}\n }`],
  ['hosts', 'hosts {\n ttl 65535\n 192.0.2.1 a.example\n fallthrough\n }'],
  ['pool', 'pool b.example {\n member 192.0.2.1 weight 1000\n max_answers 1000\n ttl 604800\n admin off\n }'],
])('%s: %j is served', async (_plugin, directive) => {
  const before = process.memoryUsage();
  await using server = await serve(`. {\n ${directive}\n whoami\n}`);
  expect(server.port).toBeGreaterThan(0);
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  expect(arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(200e6);
});
