import { freePort, serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { refusal } from '../support/refusal.ts';

async function served(block = '') {
  const port = await freePort();
  const server = await serve(`.:0 {\npprof 127.0.0.1:${port}${block}\nwhoami\n}`);
  const get = (path: string) => fetch(`http://127.0.0.1:${port}/debug/pprof${path}`, { redirect: 'manual' });
  return { get, server, port, [Symbol.asyncDispose]: () => server.stop() };
}

test('the index names the pages, and each of them is there', async () => {
  await using it = await served(' {\nblock 5\n}');
  const first = await it.get('');
  expect([first.status, first.headers.get('location')]).toEqual([302, '/debug/pprof/']);
  const index = await (await it.get('/')).text();
  const pages = [...index.matchAll(/^\/debug\/pprof(\/\w+): /gm)].map(([, page]) => page as string);
  expect(pages).toEqual(['/profile', '/allocs', '/heap', '/trace', '/goroutine', '/cmdline', '/block']);
  for (const page of pages) {
    const response = await it.get(`${page}?seconds=0.05`);
    expect(response.status, page).toBe(200);
    expect((await response.text()).length, page).toBeGreaterThan(0);
  }
  expect((await it.get('/symbol')).status).toBe(404);
});

test('profiles and snapshots are what the developer tools read', async () => {
  await using it = await served();
  expect(await (await it.get('/profile?seconds=0.05')).json()).toMatchObject({ nodes: expect.any(Array), samples: expect.any(Array) });
  expect(await (await it.get('/allocs?seconds=0.05')).json()).toMatchObject({ head: expect.any(Object) });
  const heap = await it.get('/heap');
  expect(heap.headers.get('content-disposition')).toContain('ferrydns.heapsnapshot');
  expect(await heap.json()).toMatchObject({ snapshot: { meta: expect.any(Object) } });
  expect((await it.get('/block')).status).toBe(404);
});

test('one profile is made at a time, and a length that is none is refused', async () => {
  await using it = await served();
  const both = await Promise.all([it.get('/profile?seconds=0.5'), it.get('/allocs?seconds=0.5')]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 500]);
  for (const seconds of ['0', 'x', '61', '-1']) expect((await it.get(`/profile?seconds=${seconds}`)).status).toBe(400);
});

test('a reload keeps the address, and the end of the server ends a profile', async () => {
  const it = await served();
  await it.server.reload(`.:0 {\npprof 127.0.0.1:${it.port}\nwhoami\n}`);
  expect((await it.get('/cmdline')).status).toBe(200);
  const profile = it.get('/profile?seconds=60').then(
    ({ status }) => status,
    () => 'closed',
  );
  await it.server.stop();
  expect([200, 'closed']).toContain(await profile);
});

test.each([
  ['pprof noport', 'address noport: missing port in address'],
  ['pprof :6060 x', "Wrong argument count or unexpected line ending after 'x'"],
  ['pprof {\nblock x\n}', "'x' is not a whole number"],
  ['pprof {\nnonsense\n}', "unknown property 'nonsense'"],
  ['pprof\npprof', 'this plugin can only be used once per Server Block'],
])('%j is refused', async (lines, message) => {
  expect(await refusal(`.:0 {\n${lines}\nwhoami\n}`)).toContain(message);
});
