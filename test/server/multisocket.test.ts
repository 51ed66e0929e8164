// Several processes that look like one server: real processes, told apart by a plugin that answers with its process id.
import { ask, freePort, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { defaultUdpKind } from '../../src/transport/open-udp.ts';
import { TcpClient, UdpClient } from '../support/client.ts';
import { parseAsk, readMessage, writeMessage } from '../support/message.ts';
import { Program, startProgram, who } from '../support/program.ts';

/** Starts in the main process and in one of the workers, as long as the file of its argument does not exist. */
const single = `import { openSync } from 'node:fs';
import { definePlugin, text } from 'ferrydns/plugin';
export default definePlugin({
  name: 'single', summary: 'starts in one worker', config: { args: { file: text } }, order: { before: 'whoami' },
  setup: ({ file }) => ({
    start({ server }) {
      if (!server.primary) openSync(file, 'wx');
    },
  }),
});`;

const files = { 'who.ts': who, 'single.ts': single };
const plugins = '{\nplugin who ./who.ts\nplugin single ./single.ts\n}\n';
const corefile = (port: number, ...lines: readonly string[]) => `${plugins}.:${port} {\nbind 127.0.0.1\n${lines.join('\n')}\n}\n`;

/** The program with two ports of its own, and a way to write its Corefile again. */
async function start(text: (port: number, http: number) => string) {
  const [port, http] = [await freePort(), await freePort()];
  const program = await startProgram({ files: { ...files, Corefile: text(port, http) }, group: true });
  const write = (make: typeof text) => program.write('Corefile', make(port, http));
  const metric = async (name: string) => sumOf(await (await fetch(`http://127.0.0.1:${http}/metrics`)).text(), name);
  return { program, write, port, http, metric, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** The sum over all labels of a metric. */
function sumOf(exposition: string, name: string): number {
  const lines = exposition.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Asks so many times, each from a port of its own, over UDP and TCP in turn; counts the answers by process and by word. */
async function survey(port: number, count = 24): Promise<{ pids: number[]; words: string[] }> {
  const asking = Array.from({ length: count }, (_, i) => ask({ port, name: `n${i}.test`, type: 'TXT', transport: i % 2 === 0 ? 'udp' : 'tcp' }));
  const answers = (await Promise.all(asking)).map((answer) => /"(\d+)" "(.*)"/.exec(answer.answers[0] ?? ''));
  return { pids: unique(answers.map((each) => Number(each?.[1]))), words: unique(answers.map((each) => each?.[2] ?? '')) };
}

const unique = <T>(values: readonly T[]) => [...new Set(values)].sort();

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('two workers answer at one port, over UDP and TCP, and their metrics are those of one server', async () => {
  await using server = await start((port, http) =>
    corefile(port, 'multisocket 2', `prometheus 127.0.0.1:${http}`, `ready 127.0.0.1:${http}`, 'who a'),
  );
  expect(server.program.output.out).toMatch(/, 2 workers\n/);
  const { pids } = await survey(server.port, 40);
  expect(pids).toHaveLength(2);
  expect(pids).not.toContain(server.program.pid);
  for (const name of ['coredns_dns_requests_total', 'coredns_dns_request_duration_seconds_count', 'coredns_dns_responses_total']) {
    expect(await server.metric(name), name).toBe(40);
  }
  expect(await server.metric('ferrydns_workers')).toBe(2);
  expect(await server.metric('coredns_build_info')).toBe(1);
  expect((await fetch(`http://127.0.0.1:${server.http}/ready`)).status).toBe(200);
});

test('a worker that is killed is replaced and counted, others answer meanwhile, and what it had counted is kept', async () => {
  await using server = await start((port, http) => corefile(port, 'multisocket 2', `prometheus 127.0.0.1:${http}`, 'who a'));
  const { pids: before } = await survey(server.port, 40);
  expect(await server.metric('coredns_dns_requests_total')).toBe(40);
  process.kill(before[0] ?? 0, 'SIGKILL');
  await expect.poll(() => server.metric('ferrydns_worker_restarts_total')).toBe(1);
  expect(await server.metric('coredns_dns_requests_total')).toBe(40);
  await expect.poll(async () => (await survey(server.port)).pids.length).toBe(2);
  const { pids: after } = await survey(server.port, 40);
  expect(after).toContain(before[1]);
  expect(after).not.toContain(before[0]);
  expect(server.program.output.out).toMatch(/\[ERROR\] multisocket: worker \d+ ended with SIGKILL, starting another one/);
});

test('all workers reload or none', async () => {
  await using server = await start((port, http) => corefile(port, 'multisocket 2', `prometheus 127.0.0.1:${http}`, 'who old'));
  const reload = async (outcome: RegExp, make: (port: number, http: number) => string) => {
    server.program.output.out = '';
    server.write(make);
    server.program.process.kill('SIGHUP');
    await expect.poll(() => server.program.output.out).toMatch(outcome);
    return survey(server.port, 30);
  };
  const { pids } = await survey(server.port, 30);
  const bad = await reload(/reload failed: .*Unknown directive 'nonsense'/, (port) => corefile(port, 'multisocket 2', 'nonsense', 'who new'));
  expect(bad).toEqual({ pids, words: ['old'] });
  const halfWilling = await reload(/reload failed: .*EEXIST/, (port) => corefile(port, 'multisocket 2', 'single {{DIR}}/lock', 'who new'));
  expect(halfWilling).toEqual({ pids, words: ['old'] });
  const good = await reload(/Reloading complete/, (port, http) => corefile(port, 'multisocket 2', `prometheus 127.0.0.1:${http}`, 'who new'));
  expect(good).toEqual({ pids, words: ['new'] });
  expect(await server.metric('ferrydns_worker_restarts_total')).toBe(0);
});

test('SIGTERM to the whole process group ends everything with status 0', async () => {
  await using server = await start((port) => corefile(port, 'multisocket 2', 'who a'));
  const { pids } = await survey(server.port, 30);
  process.kill(-server.program.pid, 'SIGTERM');
  expect(await server.program.ended).toBe(0);
  await expect.poll(() => pids.filter(lives)).toEqual([]);
  expect(server.program.output.error).toBe('');
});

test('workers end when the process that started them is killed', async () => {
  await using server = await start((port) => corefile(port, 'multisocket 2', 'who a'));
  const { pids } = await survey(server.port, 30);
  expect(pids.filter(lives)).toHaveLength(2);
  server.program.process.kill('SIGKILL');
  await expect.poll(() => pids.filter(lives)).toEqual([]);
});

test('an address that another program has is refused, though sockets could share it', async () => {
  await using other = await start((port) => corefile(port, 'multisocket 2', 'who a'));
  await using program = new Program({ files: { ...files, Corefile: corefile(other.port, 'multisocket 2', 'who b') } });
  expect(await program.ended).toBe(1);
  expect(program.output.error).toContain(`Listen: listen 127.0.0.1:${other.port}: bind: address already in use`);
  expect((await survey(other.port)).words).toEqual(['a']);
});

const inProcess = (count: number, word: string) => `${plugins}.:0 {\nmultisocket ${count}\nwho ${word}\n}\n`;
const surveyOf = (server: TestServer) => survey(server.port, 60);

test('the number of workers follows the configuration, from none to several and back, at the same port', async () => {
  await using server = await serve(inProcess(2, 'a'), { files });
  const two = await surveyOf(server);
  expect(two).toEqual({ pids: [expect.any(Number), expect.any(Number)], words: ['a'] });
  await server.reload(inProcess(3, 'b'));
  const three = await surveyOf(server);
  expect(three).toEqual({ pids: expect.arrayContaining(two.pids), words: ['b'] });
  expect(three.pids).toHaveLength(3);
  await server.reload(inProcess(1, 'c'));
  const one = await surveyOf(server);
  expect(one.pids).toHaveLength(1);
  expect(two.pids).toContain(one.pids[0]);
  expect(sumOf(await server.metrics(), 'ferrydns_workers')).toBe(1);
});

test('one socket is no worker', async () => {
  await using server = await serve(inProcess(1, 'a'), { files });
  expect(await surveyOf(server)).toEqual({ pids: [process.pid], words: ['a'] });
});

test('the first block of an address decides how many answer there', async () => {
  const blocks = [
    'a.test:0 {\nbind 127.0.0.1\nmultisocket 2\nwho a\n}',
    'b.test:0 {\nbind 127.0.0.1\nwho b\n}',
    'c.test:0 {\nbind 127.0.0.2\nwho c\n}',
  ];
  await using server = await serve(plugins + blocks.join('\n'), { files });
  const pidsOf = async (address: string, name: string) => {
    const port = server.server.listening().find((socket) => socket.address === address)?.port ?? 0;
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask({ port, address, name, type: 'TXT' })));
    return unique(answers.map((answer) => answer.answers[0]));
  };
  expect(await pidsOf('127.0.0.1', 'b.test')).toHaveLength(2);
  expect(await pidsOf('127.0.0.2', 'c.test')).toHaveLength(1);
});

// Where the batch transport does not run, the open sockets cannot be shared, and such a reload is refused.
test.skipIf(defaultUdpKind() !== 'batch')('workers take over from a server of one process while it answers', async () => {
  await using server = await serve(inProcess(1, 'w1'), { files });
  const { port } = server;
  await loaded(await udpClients(server), [() => server.reload(inProcess(2, 'w2'))]);
  const after = await surveyOf(server);
  expect(server.port).toBe(port);
  expect(after).toEqual({ pids: [expect.any(Number), expect.any(Number)], words: ['w2'] });
  expect(after.pids).not.toContain(process.pid);
});

test('a worker that is not needed any more leaves without losing a query', async () => {
  await using server = await serve(inProcess(3, 'a'), { files });
  await loaded(
    await udpClients(server),
    [1, 3, 2].map((count) => () => server.reload(inProcess(count, 'a'))),
  );
  expect((await surveyOf(server)).pids).toHaveLength(2);
});

test('reloads under load lose no query, and every answer is of one of the configurations', async () => {
  await using server = await serve(inProcess(2, 'w1'), { files });
  const clients = [...(await udpClients(server)), await TcpClient.open(server), await TcpClient.open(server)];
  await loaded(
    clients,
    [2, 3, 4, 5, 6, 7].map((i) => () => server.reload(inProcess(2, `w${i}`))),
  );
  expect((await surveyOf(server)).words).toEqual(['w7']);
});

const udpClients = (server: TestServer) => Promise.all(Array.from({ length: 8 }, () => UdpClient.open(server)));

/** Does these things one after another while clients ask without a pause; every query must be answered. */
async function loaded(clients: readonly (UdpClient | TcpClient)[], things: readonly (() => Promise<void>)[]): Promise<void> {
  let over = false;
  const doing = (async () => {
    for (const thing of things) await thing();
    over = true;
  })();
  const load = async (client: UdpClient | TcpClient) => {
    let [asked, answered] = [0, 0];
    const send = () => client.send(writeMessage({ ...parseAsk('www.test TXT').parts, id: asked++ & 0xffff }));
    for (let i = 0; i < 20; i++) send();
    for (let reply = await client.next(); reply !== undefined; reply = answered < asked ? await client.next() : undefined) {
      if (readMessage(reply).answer.length === 1) answered++;
      if (!over) send();
    }
    client.close();
    return { asked, lost: asked - answered };
  };
  for (const { asked, lost } of await Promise.all(clients.map(load))) {
    expect(asked).toBeGreaterThan(20);
    expect(lost).toBe(0);
  }
  await doing;
}
