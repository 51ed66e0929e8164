// What the primary process knows is known to every worker: real processes, which answer by it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ask, serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';

/**
 * `shelf WORD COUNT`: COUNT entries that hold WORD are there from the start. A worker answers TXT with its process id, the number
 * of entries, the different values among them, how often it was told of a change, the entry of the first label, and WORD. When it starts it tells the
 * primary process WORD and its process id. POST / takes JSON: entries to set, null to delete; `all` stands for the first thousand.
 */
const shelf = `import { definePlugin, integer, Reply, record, sharedState, text } from 'ferrydns/plugin';
const words = sharedState<string, string>('words');
export default definePlugin({
  name: 'shelf', summary: 'answers by what the primary process knows', config: { args: { word: text, count: integer() } }, order: { before: 'whoami' },
  setup({ word, count }) {
    let state: any;
    let changes = 0;
    const notes: string[] = [];
    return {
      handle(query) {
        const [first] = query.name.split('.');
        const values = [...new Set(state.entries.values())].sort().join(' ').slice(0, 50);
        const data = [process.pid, state.entries.size, values, changes, state.entries.get(first) ?? '-', word].map(String);
        return Reply.answer([record({ name: query.name, type: 'TXT', ttl: 0, data })]);
      },
      async start({ share, serve, server }) {
        state = share(words, { changed: () => void changes++, told: (note) => void notes.push(note) });
        // The fault that is played: the primary process is slower than the workers.
        if (server.primary) await new Promise((resolve) => setTimeout(resolve, 50));
        if (server.primary) for (let i = 0; i < count; i++) state.set('k' + i, word);
        state.tell(word + ' ' + process.pid);
        serve('127.0.0.1:0', '/', ({ method, body }) => {
          const entries = method === 'POST' ? Object.entries(JSON.parse(body)) : [];
          for (const [key, value] of entries) {
            if (value === null) state.delete(key);
            else for (const each of key === 'all' ? Array.from({ length: 1000 }, (_, i) => 'k' + i) : [key]) state.set(each, value);
          }
          return { status: 200, body: JSON.stringify({ notes }) };
        });
      },
    };
  },
});`;

const corefile = (word: string, count: number) => `{\nplugin shelf ./shelf.ts\n}\n.:0 {\nmultisocket 2\nshelf ${word} ${count}\n}\n`;
const start = (word: string, count: number) => serve(corefile(word, count), { files: { 'shelf.ts': shelf } });

interface Said {
  readonly pid: number;
  readonly size: number;
  readonly values: string;
  readonly changes: number;
  readonly value: string;
  readonly word: string;
}

async function say({ port }: TestServer, key = 'k0', timeout = 5000): Promise<Said> {
  const { answers } = await ask({ port, name: `${key}.test`, type: 'TXT', timeout });
  const [pid, size, values = '', changes, value = '', word = ''] = [...(answers[0] ?? '').matchAll(/"([^"]*)"/g)].map(([, part]) => part ?? '');
  return { pid: Number(pid), size: Number(size), values, changes: Number(changes), value, word };
}

/** What each worker says: each question comes from a port of its own, by which the system chooses. */
async function survey(server: TestServer, key?: string): Promise<Said[]> {
  const said = await Promise.all(Array.from({ length: 24 }, () => say(server, key)));
  return [...new Map(said.map((each) => [each.pid, each])).values()];
}

async function change(server: TestServer, entries: Readonly<Record<string, string | null>> | undefined) {
  const url = `http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/`;
  const init = entries === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(entries) };
  return (await (await fetch(url, init)).json()) as { readonly notes: readonly string[] };
}

/** The memory of this process, which is the primary one, that is in use. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a worker answers from the first query on by all that was set before, and learns of what is set, set anew and deleted', async () => {
  await using server = await start('a', 1000);
  const first = await survey(server);
  expect(first.map(({ size, values }) => [size, values])).toEqual([
    [1000, 'a'],
    [1000, 'a'],
  ]);
  await change(server, { k0: 'b', k1: null, more: 'c' });
  for (const [key, value] of [
    ['k0', 'b'],
    ['k1', '-'],
    ['more', 'c'],
  ] as const) {
    await expect
      .poll(async () => (await survey(server, key)).map((each) => [each.size, each.value]))
      .toEqual([
        [1000, value],
        [1000, value],
      ]);
  }
});

test('the primary process hears what workers told before it had started, at a reload as well', async () => {
  await using server = await start('a', 1);
  const pids = (await survey(server)).map(({ pid }) => pid);
  const told = (word: string) => pids.map((pid) => `${word} ${pid}`).sort();
  await expect.poll(async () => [...(await change(server, undefined)).notes].sort()).toEqual(told('a'));
  await server.reload(corefile('b', 1));
  await expect.poll(async () => [...(await change(server, undefined)).notes].sort()).toEqual(told('b'));
});

test('a worker that takes the place of one that was killed knows all, also what changed meanwhile', async () => {
  await using server = await start('a', 1000);
  const before = (await survey(server)).map(({ pid }) => pid);
  process.kill(before[0] ?? 0, 'SIGKILL');
  await change(server, { k0: 'b', k1: null });
  let after: Said[] = [];
  await expect
    .poll(async () => {
      after = await survey(server).catch(() => []);
      return after.filter(({ pid }) => !before.includes(pid)).length;
    })
    .toBe(1);
  const fresh = after.find(({ pid }) => !before.includes(pid));
  expect(fresh).toMatchObject({ size: 999, value: 'b', changes: 999 });
});

test('no worker mixes what two configurations share, nor answers by a new one before it knows what that shares', async () => {
  await using server = await start('w0', 2000);
  const found: Said[] = [];
  let over = false;
  const asking = Array.from({ length: 4 }, async () => {
    while (!over) found.push(await say(server, 'none'));
  });
  const changing = (async () => {
    while (!over) await change(server, { k0: null }).catch(() => undefined);
  })();
  for (let i = 1; i <= 4; i++) await server.reload(corefile(`w${i}`, 2000 + i));
  over = true;
  await Promise.all([...asking, changing]);
  for (const { word, values, size } of found) {
    expect(values).toBe(word);
    expect(size - 2000 - Number(word.slice(1))).toBeOneOf([0, -1]);
  }
  expect(new Set(found.map(({ word }) => word)).size).toBeGreaterThan(1);
});

test('with 100,000 entries, a worker that does not take anything in costs no memory, and knows all when it goes on', async () => {
  await using server = await start('a', 100_000);
  const [stopped, other] = await survey(server);
  expect([stopped?.size, other?.size]).toEqual([100_000, 100_000]);
  process.kill(stopped?.pid ?? 0, 'SIGSTOP');
  try {
    const before = memoryInUse();
    const long = 'x'.repeat(200);
    for (let round = 0; round < 300; round++) await change(server, { all: `${round} ${long}` });
    const last = `299 ${long}`;
    await change(server, { last });
    // 300,000 changes of 200 characters would be 60 MB.
    expect(memoryInUse() - before).toBeLessThan(20e6);
    process.kill(stopped?.pid ?? 0, 'SIGCONT');
    await expect
      .poll(async () => (await survey(server, 'last')).map(({ value, size }) => [value, size]))
      .toEqual([
        [last, 100_001],
        [last, 100_001],
      ]);
    const after = (await survey(server, 'k7')).find(({ pid }) => pid === stopped?.pid);
    expect(after?.value).toBe(last);
    // What was in the pipe when it was stopped, and the last of each entry.
    expect((after?.changes ?? 0) - 100_000).toBeLessThan(10_000);
  } finally {
    process.kill(stopped?.pid ?? 0, 'SIGCONT');
  }
});
