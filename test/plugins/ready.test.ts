import { definePlugin } from 'ferrydns/plugin';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { block, refusal } from '../support/refusal.ts';

const state: Record<string, boolean> = {};
const waiter = (name: string) => ({
  plugin: definePlugin({
    name,
    summary: 'is ready when the test says so',
    config: {},
    setup: () => ({ ready: () => state[name] === true || 'not yet' }),
  }),
  place: { before: 'whoami' },
});
const plugins = [waiter('zebra'), waiter('ant')];
const address = '127.0.0.1:0';

async function look(server: TestServer): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${server.server.httpPort(address)}/ready`);
  return [response.status, await response.text()];
}

test('ready says OK when nothing is to be waited for', async () => {
  await using server = await serve(block(`ready ${address}`));
  expect(await look(server)).toEqual([200, 'OK']);
});

test('ready names what is missing in every block, sorted, and logs it', async () => {
  Object.assign(state, { zebra: false, ant: false });
  const corefile = `.:0 {\nready ${address}\nzebra\nwhoami\n}\nexample.org:0 {\nready ${address}\nant\nzebra\nwhoami\n}`;
  await using server = await serve(corefile, { plugins });
  expect(await look(server)).toEqual([503, 'ant,zebra']);
  expect(server.lines).toContain('[INFO] plugin/ready: Plugins not ready: "ant,zebra"');
  state['ant'] = true;
  expect(await look(server)).toEqual([503, 'zebra']);
  state['zebra'] = true;
  expect(await look(server)).toEqual([200, 'OK']);
});

test('until-ready does not ask again, continuously does', async () => {
  for (const [monitor, expected] of [
    ['until-ready', [200, 'OK']],
    ['continuously', [503, 'ant']],
  ] as const) {
    state['ant'] = true;
    await using server = await serve(block(`ready ${address} {\nmonitor ${monitor}\n}`, 'ant'), { plugins });
    expect(await look(server)).toEqual([200, 'OK']);
    state['ant'] = false;
    expect(await look(server)).toEqual(expected);
  }
});

test('ready is over as soon as the server is told to stop, while lameduck still answers', async () => {
  await using server = await serve(block(`ready ${address}`, `health ${address} {\nlameduck 1s\n}`));
  const stopped = server.server.stop({ lameduck: true });
  expect(await look(server)).toEqual([503, 'Shutting down']);
  expect((await server.ask('example.org')).rcode).toBe('NOERROR');
  const health = await fetch(`http://127.0.0.1:${server.server.httpPort(address)}/health`);
  expect([health.status, await health.text()]).toEqual([200, 'OK']);
  await stopped;
});

test.each([
  ['ready nowhere', 'address nowhere: missing port in address'],
  ['ready :1 :2', 'Wrong argument count'],
  ['ready :1 {\nmonitor sometimes\n}', "monitor type 'sometimes' not supported"],
  ['ready :1 {\nmonitor\n}', 'Wrong argument count'],
  ['ready :1 {\nwatch\n}', "unknown property 'watch'"],
  ['ready :0\nready :0', 'only be used once'],
])('%j is refused', async (directive, message) => {
  expect(await refusal(block(directive))).toContain(message);
});
