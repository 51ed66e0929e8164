// The first steps of docs/replacing-coredns.md, with the real CoreDNS. Step 4 stands in replacing-coredns-move.test.ts.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ask, freePort, serve, type TestServer } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCompare } from '../../src/command/compare-command.ts';
import { ask as askHttp } from '../support/http.ts';
import { soon } from '../support/soon.ts';

const program = process.env['COREDNS'] ?? '/usr/bin/coredns';
const main = join(import.meta.dirname, '../../src/main.ts');
const patiently = { ...soon, timeout: 30_000 };

const corefile =
  '.:0 {\n hosts {\n 192.0.2.1 www.example.org\n 192.0.2.2 db.example.org\n fallthrough\n }\n template ANY ANY example.net {\n rcode NXDOMAIN\n }\n log\n dnstap TAP\n}\n';

describe.skipIf(!existsSync(program))(`with the CoreDNS that COREDNS names (${program})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-replacing-'));
  const tap = join(folder, 'tap.sock');
  const plain = corefile.replace(' dnstap TAP\n', '');
  let coredns: ChildProcess | undefined;
  let port = 0;
  let following: Promise<{ readonly text: string; readonly differs: boolean }>;
  let ferrydns: TestServer;
  const ending = new AbortController();
  const lines: string[] = [];

  beforeAll(async () => {
    ferrydns = await serve(plain);
    port = await freePort();
    // The socket is there before CoreDNS writes to it.
    const live = { write: (text: string) => void lines.push(text), signal: ending.signal };
    following = runCompare(['-servers', `127.0.0.1:${port},127.0.0.1:${ferrydns.port}`, '-follow', `unix:${tap}`, '-rounds', '1'], live);
    await vi.waitFor(() => expect(existsSync(tap)).toBe(true), soon);
    writeFileSync(
      join(folder, 'Corefile'),
      corefile
        .replace(':0 {', `:${port} {\n bind 127.0.0.1`)
        .replace('TAP', `${tap} full`)
        .replace(' hosts {', ' hosts {\n 192.0.2.3 only.example.org'),
    );
    coredns = spawn(program, ['-conf', join(folder, 'Corefile')], { cwd: folder, stdio: 'ignore' });
  });
  afterAll(async () => {
    ending.abort();
    if (coredns?.exitCode === null) {
      coredns.kill('SIGKILL');
      await once(coredns, 'exit');
    }
    await ferrydns?.stop();
    rmSync(folder, { recursive: true });
  });

  test('1. the Corefile is checked', async () => {
    const file = join(folder, 'Checked');
    writeFileSync(file, plain);
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'check', file]);
    expect(stdout).toBe(`${file}: ok\n`);
  });

  test('2. both say the same', async () => {
    const queries = join(folder, 'questions.txt');
    writeFileSync(queries, 'www.example.org\nwww.example.org AAAA\ndb.example.org\na.example.net\n');
    const both = `127.0.0.1:${port},127.0.0.1:${ferrydns.port}`;
    await expect
      .poll(async () => (await runCompare(['-servers', both, '-queries', queries])).text, patiently)
      .toBe('4 questions: 4 the same, 0 different\n');
  });

  test('2. what CoreDNS is asked is compared while it comes, by dnstap', async () => {
    const asked = async () => {
      await ask({ port, name: 'only.example.org', type: 'A' }).catch(() => undefined);
      return lines.join('');
    };
    await expect.poll(asked, patiently).toMatch(/^only\.example\.org\. A rcode: NOERROR \| SERVFAIL$/m);
    ending.abort();
    expect(await following).toMatchObject({ differs: true, text: expect.stringMatching(/1 different\n$/) });
  });

  test('3. a ferrydns that answers tells what CoreDNS would say otherwise', async () => {
    await using server = await serve(
      `.:0 {\n admin 127.0.0.1:0\n shadow 127.0.0.1:${port} {\n sample 100%\n }\n hosts {\n 192.0.2.1 www.example.org\n 192.0.2.9 db.example.org\n }\n}`,
    );
    await server.ask('www.example.org');
    await server.ask('db.example.org');
    const told = async () => JSON.parse((await askHttp({ port: server.server.httpPort('127.0.0.1:0'), path: '/shadow' })).body).shadows[0];
    await expect.poll(async () => ({ same: (await told()).same, different: (await told()).different }), patiently).toEqual({ same: 1, different: 1 });
    expect((await told()).differences[0]).toMatchObject({
      name: 'db.example.org.',
      differences: [{ kind: 'answer', there: 'db.example.org. A 192.0.2.2' }],
    });
  });
});
