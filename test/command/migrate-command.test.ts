// `ferrydns migrate`, run as a process of its own against a server.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { servePlan } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferrydns-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(...words: readonly string[]): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'migrate', ...words], { cwd: folder }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const plan =
  'plan: database\nnames:\n  a.example: { from: 192.0.2.1, to: 198.51.100.1 }\nmode: exclusive\nttl: 30\ncaches: jvm 30s\nfence: [exec, /bin/true]\nhandback: on\n';

test('plan reckons with the file alone', async () => {
  writeFileSync(join(folder, 'plan.yaml'), plan);
  const { out, status } = await run('plan', 'plan.yaml', '-upstream-ttl', '3600');
  expect(status).toBe(0);
  expect(out).toContain('plan database: exclusive, role shared\n  a.example.  192.0.2.1 -> 198.51.100.1\n');
  expect(out).toMatch(/^lowering {3}from 63 s {2}TTL 30 \+ slack 3 \+ caches 30$/m);
  expect(out).toContain('A may be switched off 101 s after the start at the earliest\nlongest time without an answer: 3 s\n');
  const { out: json } = await run('plan', 'plan.yaml', '--json');
  expect(JSON.parse(json)).toMatchObject({ plan: 'database', untilOff: 101, silence: 3, errors: 30 });
});

test('simulate runs the plan with clients around it', async () => {
  writeFileSync(join(folder, 'plan.yaml'), plan);
  const outcome = JSON.parse((await run('simulate', 'plan.yaml', '-clients', '500', '-json')).out);
  expect(outcome).toMatchObject({ plan: 'database', clients: 500, wentBack: 0, splitBrain: 0, refused: [] });
  expect(Math.max(...outcome.onA)).toBe(500);
  expect(outcome.onB.at(-1)).toBe(500);
  expect(outcome.lastOnA).toBeLessThanOrEqual(outcome.horizon);
  const { out } = await run('simulate', 'plan.yaml', '-clients', '500', '-violators', '8%');
  expect(out).toContain('plan database: 500 clients for');
  expect(out).toMatch(/^clients given A after B: none$/m);
});

test('reverse writes the plan from B to A, which can be read again', async () => {
  const checked = `${plan}check: [to, http, ":8080/healthz", 200, interval, 1s]\n`;
  writeFileSync(join(folder, 'plan.yaml'), checked);
  const { out } = await run('reverse', 'plan.yaml');
  expect(out).toContain('  a.example.: { from: [198.51.100.1], to: [192.0.2.1] }');
  expect(out).toContain('[from, http, ":8080/healthz", 200, interval, 1s,');
  expect(out).toContain('# fence: [exec, COMMAND]');
  expect(JSON.parse((await run('reverse', 'plan.yaml', '-json')).out)).toEqual({ plan: 'database-reverse', yaml: out.slice(0, -1) });
  writeFileSync(join(folder, 'back.yaml'), out);
  expect((await run('plan', 'back.yaml')).out).toContain('plan database-reverse: exclusive');
});

test('a plan file that is wrong is shown with its line', async () => {
  writeFileSync(join(folder, 'plan.yaml'), plan.replace('198.51.100.1', '192.0.2.1'));
  const { err, status } = await run('plan', 'plan.yaml');
  expect(status).toBe(1);
  expect(err).toMatch(/plan\.yaml:3 - .*192\.0\.2\.1 stands in from and in to\n.*a\.example: \{ from: 192\.0\.2\.1, to: 192\.0\.2\.1 \}\n +\| +\^/);
});

test('status tells how plans stand, and orders are carried out or refused with the reason', async () => {
  await using server = await servePlan(
    `. {\n migrate www.example.org {\n from 192.0.2.1\n to 192.0.2.2\n ttl 60\n admin 127.0.0.1:0\n}\n whoami\n}\n`,
  );
  const admin = ['-admin', new URL(server.url).host];
  const { out } = await run('status', ...admin);
  expect(out).toMatch(/^plan www\.example\.org: blend, role shared\n {2}phase +\[#\.{7}\] original\n/);
  const started = await run('start', 'www.example.org', '-by', 'ann', ...admin);
  expect(started).toMatchObject({ status: 0, out: expect.stringContaining('[##......] lowering') });
  expect(server.journal('www.example.org').join('\n')).toContain('"by":"ann from 127.0.0.1"');
  expect(await run('start', 'www.example.org', ...admin)).toMatchObject({ status: 1, err: 'already in lowering\n' });
  expect(await run('rollback', 'www.example.org', '-epoch', '7', ...admin)).toMatchObject({
    status: 1,
    err: 'the plan is in epoch 1, the command is for epoch 7\n',
  });
  expect(await run('status', 'nobody.example', ...admin)).toMatchObject({
    status: 1,
    err: `no such plan: nobody.example: the server at ${new URL(server.url).origin} has the plan www.example.org\n`,
  });
  expect(JSON.parse((await run('status', 'www.example.org', '-json', ...admin)).out)).toMatchObject({ phase: 'lowering', epoch: 1 });
  expect(JSON.parse((await run('status', '-json', ...admin)).out)).toMatchObject([{ phase: 'lowering' }]);
  expect(JSON.parse((await run('pause', 'www.example.org', '-json', ...admin)).out)).toMatchObject({ paused: true });
  expect(await run('forget', 'www.example.org', 'dns-2', ...admin)).toMatchObject({ status: 1, err: 'no replica dns-2 is registered\n' });
  expect(await run('forget', 'www.example.org', ...admin)).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^forget: no replica, expected one\nusage: /),
  });
});

test('a server that is not there, and words that are not known', async () => {
  expect(await run('status', '-admin', '127.0.0.1:9')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\/migrations: /),
  });
  for (const [words, reason] of [
    [['start'], 'start: no plan, expected one'],
    [['plan'], 'plan: no plan file, expected one'],
    [['plan', 'a.yaml', 'b.yaml'], 'unexpected "b.yaml"'],
    [['bogus'], 'unknown command "bogus"'],
    [['plan', 'a.yaml', '-upstream-ttl', '-5'], 'flag -upstream-ttl has no value'],
  ] as const) {
    expect(await run(...words)).toMatchObject({ status: 1, err: expect.stringMatching(new RegExp(`^${reason}.*\nusage: `)) });
  }
  expect(await run('hurry', 'www.example.org')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^unknown command "hurry"\nusage: ferrydns migrate plan FILE/),
  });
});

test('-a-is-open is a word for the attempt of the fence that is seen, and for a rollback alone', async () => {
  const fenced = plan
    .replace('/bin/true]', '/bin/sh, -c, "kill -9 $$$$"]')
    .replace('ttl: 30\ncaches: jvm 30s', 'ttl: 1\ntransition_ttl: 1\nslack: 0s\ncountdown: 1s\nadvance: auto');
  await using server = await servePlan('. {\n migrate database.yaml {\n admin 127.0.0.1:0\n}\n whoami\n}\n', { files: { 'database.yaml': fenced } });
  const admin = ['-admin', server.url.replace('/migrations', ''), '-by', 'ann'];
  expect((await run('start', 'database', ...admin)).status).toBe(0);
  await expect.poll(async () => (await server.status('database')).fence?.state, soon).toBe('unknown');
  expect(await run('rollback', 'database', ...admin)).toMatchObject({ status: 1, err: expect.stringContaining('may have run') });
  expect(await run('advance', 'database', '-a-is-open', ...admin)).toMatchObject({
    status: 1,
    err: expect.stringContaining('expected it with rollback'),
  });
  expect((await run('rollback', 'database', '-a-is-open', ...admin)).out).toContain('original');
  expect(server.journal('database').join('\n')).toMatch(/rolled back: by ann from [^"]*, who has seen that A is open after attempt 1 of the fence/);
});
