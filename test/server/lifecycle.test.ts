import { definePlugin } from 'ferrydns/plugin';
import { ask, freePort, serve } from 'ferrydns/testing';
import { expect, test, vi } from 'vitest';
import { TcpClient, UdpClient } from '../support/client.ts';
import { faulty, release, waitingCount } from '../support/faulty.ts';
import { parseAsk, writeMessage } from '../support/message.ts';
import { Program, startProgram } from '../support/program.ts';
import { block } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';

const slow = writeMessage({ ...parseAsk('slow.test A').parts, id: 7 });

const bound = (port: number, ...lines: readonly string[]) => `.:${port} {\nbind 127.0.0.1\n${lines.join('\n')}\nwhoami\n}\n`;
const start = (corefile: string) => startProgram({ files: { Corefile: corefile } });

test('SIGTERM goes through lameduck, in which queries are answered, to exit status 0', async () => {
  const [port, http] = [await freePort(), await freePort()];
  await using server = await start(bound(port, `health 127.0.0.1:${http} {\nlameduck 10s\n}`, `ready 127.0.0.1:${http}`));
  const told = performance.now();
  server.process.kill('SIGTERM');
  await vi.waitFor(() => expect(server.output.out).toContain('Going into lameduck mode for 10s'), soon);
  expect((await ask({ port, name: 'www.test' })).rcode).toBe('NOERROR');
  expect((await fetch(`http://127.0.0.1:${http}/health`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${http}/ready`)).status).toBe(503);
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(performance.now() - told).toBeGreaterThanOrEqual(10_000);
  expect(server.output.error).toBe('');
});

test('SIGUSR1 and SIGHUP reload, a broken file keeps the old one, SIGINT ends with status 0', async () => {
  const port = await freePort();
  await using server = await start(bound(port));
  const reloads = () => server.output.out.split('Reloading complete').length - 1;
  server.write('Corefile', bound(port, 'hosts {\n192.0.2.1 www.test\nfallthrough\n}'));
  server.process.kill('SIGUSR1');
  await vi.waitFor(() => expect(reloads()).toBe(1), soon);
  expect((await ask({ port, name: 'www.test' })).answers).toEqual(['www.test. 3600 IN A 192.0.2.1']);
  server.write('Corefile', bound(port, 'nonsense'));
  server.process.kill('SIGHUP');
  await vi.waitFor(() => expect(server.output.out).toMatch(/\[ERROR\] .*reload failed: .*Unknown directive 'nonsense'/), soon);
  expect((await ask({ port, name: 'www.test' })).answers).toEqual(['www.test. 3600 IN A 192.0.2.1']);
  // A debugger that answers a signal would open a port for everybody on the machine.
  expect(server.output.error).toBe('');
  server.process.kill('SIGINT');
  expect(await server.ended).toBe(0);
});

test('a port in use ends the start with status 1 and a message that names it', async () => {
  await using other = await serve(block('bind 127.0.0.1'));
  await using server = new Program({ files: { Corefile: bound(other.port) } });
  expect(await server.ended).toBe(1);
  expect(server.output.error).toContain(`Listen: listen 127.0.0.1:${other.port}: bind: address already in use`);
});

test('an HTTP port in use ends the start with status 1 and a message that names it', async () => {
  await using other = await serve(block('health 127.0.0.1:0'));
  const http = other.server.httpPort('127.0.0.1:0');
  await using server = new Program({ files: { Corefile: bound(0, `prometheus 127.0.0.1:${http}`) } });
  expect(await server.ended).toBe(1);
  expect(server.output.error).toContain(`listen tcp 127.0.0.1:${http}: bind: address already in use`);
});

test('a start that fails ends the process, whatever a plugin has left open', async () => {
  const busy = `import { definePlugin } from 'ferrydns/plugin';
export default definePlugin({
  name: 'busy', summary: 'leaves a timer behind', config: {}, order: { before: 'whoami' },
  setup: () => ({
    start() {
      setInterval(() => {}, 1000);
      throw new Error('cannot be started');
    },
  }),
});`;
  await using server = new Program({ files: { 'busy.ts': busy, Corefile: `{\nplugin busy ./busy.ts\n}\n${bound(0, 'busy')}` } });
  expect(await server.ended).toBe(1);
  expect(server.output.error).toMatch(/plugin\/busy: .*cannot be started/);
});

test('a mistake in the Corefile ends the start with status 1 and names its place', async () => {
  await using server = new Program({ files: { Corefile: bound(0, 'errors {\nloudly\n}') } });
  expect(await server.ended).toBe(1);
  expect(server.output.error).toMatch(/plugin\/errors: .*Corefile:4 - Error during parsing: unknown property 'loudly'/);
});

test('a plugin that throws costs a SERVFAIL and a line in the log, and the server lives on', async () => {
  await using server = await serve(block('faulty'), { plugins: [faulty] });
  for (const name of ['panic.test', 'later-panic.test']) {
    for (const transport of ['udp', 'tcp'] as const) expect((await server.ask(name, 'A', { transport })).rcode).toBe('SERVFAIL');
  }
  expect(server.lines.filter((line) => line.startsWith('[ERROR] Recovered from panic in server: "dns://127.0.0.1:0" '))).toHaveLength(4);
  expect((await server.ask('www.test')).rcode).toBe('NOERROR');
});

test('plugins whose timers, probes and ends throw do not end the server either', async () => {
  const clumsy = definePlugin({
    name: 'clumsy',
    summary: 'throws wherever it can',
    config: {},
    setup: () => ({
      start: ({ every }) =>
        every(5, () => {
          throw new Error('at every tick');
        }),
      serving() {
        throw new Error('at serving');
      },
      stop() {
        throw new Error('at the end');
      },
    }),
  });
  const server = await serve(block('clumsy'), { plugins: [{ plugin: clumsy, place: { before: 'whoami' } }] });
  await vi.waitFor(() => expect(server.lines).toContain('[ERROR] plugin/clumsy: at every tick'), soon);
  expect((await server.ask('www.test')).rcode).toBe('NOERROR');
  await server.stop();
  expect(server.lines).toContain('[ERROR] plugin/clumsy: at serving');
  expect(server.lines).toContain('[ERROR] plugin/clumsy: stop: at the end');
});

test('what is in hand when the server stops is answered, over UDP and TCP', async () => {
  const server = await serve(block('faulty'), { plugins: [faulty] });
  const clients = [await UdpClient.open(server), await TcpClient.open(server)];
  for (const client of clients) client.send(slow);
  await vi.waitFor(() => expect(waitingCount()).toBe(2), soon);
  const stopped = server.stop();
  await new Promise((resolve) => setImmediate(resolve));
  release();
  for (const client of clients) expect((await client.next())?.readUInt16BE(0)).toBe(7);
  await stopped;
  for (const client of clients) client.close();
});

test('a query that is never answered does not hold up the end for ever', async () => {
  const server = await serve(block('faulty'), { plugins: [faulty] });
  const client = await TcpClient.open(server);
  client.send(slow);
  await vi.waitFor(() => expect(waitingCount()).toBe(1), soon);
  await server.stop();
  client.close();
  release();
});

test('a server whose log nobody reads any more goes on answering, and does not trip over what it cannot write', async () => {
  const [port, metrics] = [await freePort(), await freePort()];
  await using server = await start(bound(port, 'log', `prometheus 127.0.0.1:${metrics}`));
  server.process.stdout.destroy();
  for (let i = 0; i < 50; i++) expect((await ask({ port, name: 'example.org' })).rcode).toBe('NOERROR');
  expect(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).toMatch(/^coredns_panics_total 0$/m);
});
