// A reload that would take away the answers of what is asked is refused, unless it is forced.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { runReload } from '../../src/command/reload-command.ts';
import { ask } from '../support/http.ts';
import { refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const corefile = (hosts: string, guard = '30%') => `.:0 {
  querylog
  admin 127.0.0.1:0
  reload 1h 0s {
    guard ${guard}
  }
  hosts {
    ${hosts}
  }
}`;
const three = '192.0.2.1 a.example\n192.0.2.2 b.example\n192.0.2.3 c.example';
const admin = ({ server }: TestServer) => ['-admin', `127.0.0.1:${server.httpPort('127.0.0.1:0')}`];

async function asked(server: TestServer): Promise<void> {
  for (const name of ['a.example', 'b.example', 'c.example']) await server.ask(name);
}

test('a reload that takes away more names than the guard lets pass is refused, told and counted', async () => {
  await using server = await serve(corefile(three));
  await asked(server);
  const next = corefile('192.0.2.1 a.example\n192.0.2.9 b.example', '0%');
  expect(await runReload(['-status', ...admin(server)])).toMatch(/^configuration [0-9a-f]{16} runs\n$/);
  await expect(server.reload(next)).rejects.toThrow(
    /^1 of 3 names that were asked for lately would lose their answers, the guard lets 30% pass: c\.example\.; 'ferrydns reload -force'/,
  );
  expect((await server.ask('c.example')).answers).toHaveLength(1);
  expect(await server.metrics()).toContain('ferrydns_reload_guard_refused_total 1');
  const status = await runReload(['-status', ...admin(server)]);
  expect(status).toMatch(/another one was refused at .*1 of 3 names/);
  expect(status).toMatch(/c\.example\. +A +lost +NOERROR: c\.example\. 3600 IN A 192\.0\.2\.3 +SERVFAIL/);
  expect(status).toMatch(/b\.example\. +A +changed /);
});

test('what it lets pass is loaded', async () => {
  await using server = await serve(corefile(three, '50%'));
  await asked(server);
  await server.reload(corefile('192.0.2.1 a.example\n192.0.2.2 b.example'));
  expect((await server.ask('c.example')).rcode).toBe('SERVFAIL');
  expect(await runReload(['-status', ...admin(server)])).toMatch(/^configuration [0-9a-f]{16} runs, loaded at \S+Z\n$/);
});

test('ferrydns reload loads what has changed, and with -force what the guard refuses', async () => {
  await using server = await serve(corefile(three));
  await asked(server);
  writeFileSync(join(server.directory, 'Corefile'), corefile('192.0.2.1 z.example'));
  await expect(runReload(admin(server))).rejects.toThrow(/a\.example\. +A +lost.*3 of 3 names that were asked for lately would lose/s);
  expect(await runReload(['-force', ...admin(server)])).toBe('the configuration is loaded\n');
  expect((await server.ask('z.example')).answers).toHaveLength(1);
  await expect.poll(() => runReload(['-status', ...admin(server)]), soon).toMatch(/^configuration [0-9a-f]{16} runs, loaded at \S+Z by -force\n$/);
});

test('with `multisocket`, where caches are in other processes, the log tells which names had records', async () => {
  await using upstream = await startUpstream(
    Object.fromEntries(['a', 'b', 'c'].map((each) => [`${each}.example A`, [`${each}.example 300 A 192.0.2.1`]])),
  );
  const several = (more: string) =>
    `. {\n multisocket 2\n querylog\n admin 127.0.0.1:0\n reload 1h 0s {\n guard 30%\n }\n ${more}\n cache\n forward . ${upstream.endpoint}\n}`;
  await using server = await serve(several(''));
  await asked(server);
  const held = async () =>
    (JSON.parse((await ask({ port: server.server.httpPort('127.0.0.1:0') ?? 0, path: '/queries' })).body) as { held: number }).held;
  await expect.poll(held, soon).toBe(3);
  await expect(
    server.reload(several('template ANY ANY b.example {\n rcode NXDOMAIN\n }\n template ANY ANY c.example {\n rcode NXDOMAIN\n }')),
  ).rejects.toThrow('2 of 3 names that were asked for lately would lose their answers');
  // What the same upstream is asked as before is the same.
  await server.reload(several('errors'));
});

test('a guard without anybody who remembers queries is refused, as are shares that are none', async () => {
  expect(await refusal('. {\n reload {\n guard 30%\n }\n whoami\n}')).toMatch(/guard needs to know what was asked lately.*querylog/s);
  expect(await refusal('. {\n querylog\n reload {\n guard 130%\n }\n whoami\n}')).toMatch(/expected/);
});
