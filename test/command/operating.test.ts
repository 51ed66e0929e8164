// The command line as operators use it: help, layout, signals, the pidfile, and asking a server that runs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, freePort, serve } from 'ferrydns/testing';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { run as runCommand } from '../../src/command/command.ts';
import { listenAdvice } from '../../src/transport/listen-advice.ts';
import { Program, startProgram } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-operating-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command in this process, which is soon done. */
async function run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ status: number; out: string; err: string }> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const ended = { status: 0, out: '', err: '' };
  const fake = {
    stdout: { write: (text: string) => (ended.out += text) },
    stderr: { write: (text: string) => (ended.err += text) },
    set exitCode(status: number) {
      ended.status = status;
    },
  };
  await runCommand(words, { registry, process: fake as unknown as NodeJS.Process });
  vi.unstubAllEnvs();
  return ended;
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const serving = (port: number, ...lines: readonly string[]) => `.:${port} {\nbind 127.0.0.1\n${lines.join('\n')}\nwhoami\n}\n`;

describe('help', () => {
  test.each([
    [['help'], 'usage: ferrydns [-conf FILE]'],
    [['-help'], 'usage: ferrydns [-conf FILE]'],
    [['check', '--help'], 'usage: ferrydns check FILE'],
    [['format', '-h'], 'usage: ferrydns format '],
    [['convert', '-help'], 'usage: ferrydns convert FILE'],
    [['help', 'check'], 'usage: ferrydns check FILE'],
    [['help', 'explain'], 'usage: ferrydns explain NAME'],
    [['help', 'migrate'], 'usage: ferrydns migrate '],
    [['help', 'migrate', 'simulate'], 'usage: ferrydns migrate simulate '],
    [['help', 'pool'], 'usage: ferrydns pool '],
  ])('%j', async (words, start) => {
    expect(await run(words)).toEqual({ status: 0, out: expect.stringContaining(start), err: '' });
  });

  test.each([
    [['chek', 'Corefile'], "did you mean 'check'?"],
    [['help', 'formt'], "did you mean 'format'?"],
    [['-cnf', 'Corefile'], 'unknown flag -cnf, did you mean -conf?'],
    [['format', '-chek', 'Corefile'], 'unknown flag -chek, did you mean -check?'],
    [['explain', 'a.example', '-clent', '::1'], 'unknown flag -clent, did you mean -client?'],
    [['check'], 'usage: ferrydns check FILE'],
    [['check', 'a', 'b'], 'unexpected "b"'],
    [['format', '-w', '-check', 'a'], '-w and -check exclude each other'],
    [['format', 'not-there'], 'not-there cannot be read'],
  ])('%j is refused', async (words, message) => {
    expect(await run(words)).toEqual({ status: 1, out: '', err: expect.stringContaining(message) });
  });
});

describe('format', () => {
  test('-check names the files with another layout, -w changes them, and then -check is content', async () => {
    const [odd, good] = [file('odd', '.{\n}\n. {\n  log\n}\n'), file('good', '. {\n    log\n}\n')];
    const first = await run(['format', '-check', odd, good]);
    expect(first).toEqual({ status: 1, out: '', err: expect.stringContaining(`${odd}: has another layout`) });
    expect(first.err).not.toContain(good);
    expect(await run(['format', '-w', odd, good])).toEqual({ status: 0, out: `${odd}\n`, err: '' });
    expect(await run(['format', '-check', odd, good])).toEqual({ status: 0, out: '', err: '' });
  });
});

describe('check', () => {
  test('names the variables that are not set', async () => {
    const path = file('unset', '. {\n    hosts {$ZONES} {\n        fallthrough {%MORE%}\n    }\n    forward . {$UP}\n}\n');
    const { status, err } = await run(['check', path], { UP: '192.0.2.1' });
    expect(status).toBe(1);
    expect(err).toContain(`${path}:2 - the environment variable 'ZONES' is not set`);
    expect(err).toContain(`${path}:3 - the environment variable 'MORE' is not set`);
    expect(err).not.toContain("'UP'");
  });

  test.each(['192.0.2.1 192.0.2.2', 'tls://a.example b'])('refuses the upstream "%s", as the start does', async (up) => {
    const corefile = serving(0, 'forward . {$UP}');
    const message = 'what a variable holds is not split into words';
    expect(await run(['check', file('two', corefile)], { UP: up })).toMatchObject({ status: 1, err: expect.stringContaining(message) });
    await using server = new Program({ files: { Corefile: corefile }, env: { UP: up } });
    expect(await server.ended).toBe(1);
    expect(server.output.error).toContain(message);
  });

  test.each([
    [
      'route53 example.org.:Z1',
      "plugin 'route53' is known to CoreDNS, but ferrydns does not have it yet: 'forward' the zone to a server that has it",
    ],
    ['geoip', "plugin 'geoip' is known to CoreDNS, but ferrydns does not have it yet: leave it out"],
    ['proxy . 192.0.2.1', "expected 'forward': CoreDNS has taken 'proxy' out"],
  ])('refuses %s and says what to do', async (line, message) => {
    expect((await run(['check', file('absent', `. {\n    ${line}\n}\n`)])).err).toContain(message);
  });
});

test('a second instance leaves the pidfile of the first alone, and the first removes its own', async () => {
  const port = await freePort();
  const pidfile = join(folder, 'pid');
  const options = { files: { Corefile: serving(port) }, words: ['-pidfile', pidfile] };
  await using first = await startProgram(options);
  await vi.waitFor(() => expect(readFileSync(pidfile, 'utf8')).toBe(`${first.pid}\n`), soon);
  await using second = new Program(options);
  expect(await second.ended).toBe(1);
  expect(second.output.error).toContain('address already in use');
  expect(readFileSync(pidfile, 'utf8')).toBe(`${first.pid}\n`);
  first.process.kill('SIGTERM');
  expect(await first.ended).toBe(0);
  expect(() => readFileSync(pidfile)).toThrow('ENOENT');
});

test('a pidfile that cannot be written ends the start', async () => {
  await using server = new Program({ files: { Corefile: serving(0) }, words: ['-pidfile', join(folder, 'no', 'pid')] });
  expect(await server.ended).toBe(1);
  expect(server.output.error).toContain('cannot be written');
});

test.each(['', 'multisocket 2'])('SIGUSR2 and SIGPIPE do not end it %s', async (line) => {
  const port = await freePort();
  await using server = await startProgram({ files: { Corefile: serving(port, line) }, group: true });
  for (const signal of ['SIGUSR2', 'SIGPIPE'] as const) process.kill(-server.pid, signal);
  await vi.waitFor(() => expect(server.output.out).toContain('SIGUSR2: does nothing here'), soon);
  expect((await ask({ port, name: 'www.test' })).rcode).toBe('NOERROR');
  server.process.kill('SIGTERM');
  expect(await server.ended).toBe(0);
});

describe('an admin address without pool and migrate', () => {
  test('explains the server that runs', async () => {
    await using server = await serve('. {\nadmin 127.0.0.1:0\nhosts {\n192.0.2.1 www.example\n}\n}');
    const admin = `127.0.0.1:${server.server.httpPort('127.0.0.1:0')}`;
    const { status, out } = await run(['explain', 'www.example', '-admin', admin]);
    expect(status).toBe(0);
    expect(out).toMatch(/hosts.*answered NOERROR/);
    expect((await fetch(`http://${admin}/openapi.yaml`)).status).toBe(200);
    expect((await fetch(`http://${admin}/pools`)).status).toBe(404);
  });

  test('is shared by blocks, and by a pool that names the same address', async () => {
    await using server = await serve(
      'a.example {\nadmin 127.0.0.1:0\nwhoami\n}\nb.example {\nadmin 127.0.0.1:0\npool b.example {\nmember 192.0.2.1\nadmin 127.0.0.1:0\n}\n}',
    );
    const admin = `http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}`;
    expect((await fetch(`${admin}/explain?name=b.example`)).status).toBe(200);
    expect(await (await fetch(`${admin}/pools`)).json()).toHaveLength(1);
  });

  test('keeps its guards', async () => {
    const token = file('token', 'a-token-of-more-than-sixteen\n');
    await using server = await serve(`. {\nadmin 127.0.0.1:0 token ${token}\nwhoami\n}`);
    const url = `http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}/explain?name=a.example`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer a-token' } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: 'Bearer a-token-of-more-than-sixteen' } })).status).toBe(200);
  });

  test.each([
    ['admin 192.0.2.1:9180', 'can be reached from other machines'],
    ['admin nonsense', 'expected HOST:PORT, unix:PATH or off'],
    ['admin off now', "unexpected 'now' after 'off'"],
  ])('%s is refused', async (line, message) => {
    expect((await run(['check', file('admin', `. {\n${line}\nwhoami\n}\n`)])).err).toContain(message);
  });

  test('off opens nothing', async () => {
    await using server = await serve('. {\nadmin off\nwhoami\n}');
    expect((await server.ask('a.example')).rcode).toBe('NOERROR');
  });
});

describe('an address that cannot be had', () => {
  test('says who has it and what to do', async () => {
    await using other = await serve('. {\nbind 127.0.0.1\nwhoami\n}');
    await using server = new Program({ files: { Corefile: serving(other.port) } });
    expect(await server.ended).toBe(1);
    expect(server.output.error).toContain(`'ss -lntup sport = :${other.port}' shows which`);
  });

  test.each([
    ['EADDRINUSE', 53, 'dns', /systemd-resolved.*DNSStubListener=no/s],
    ['EADDRINUSE', 53, 'dns', /-dns\.port 1053/],
    ['EADDRINUSE', 9153, 'http', /sport = :9153/],
    ['EACCES', 53, 'dns', /CAP_NET_BIND_SERVICE.*-dns\.port 1053/s],
    ['EACCES', 80, 'http', /CAP_NET_BIND_SERVICE/],
    ['EACCES', 1053, 'dns', /^$/],
    ['EADDRNOTAVAIL', 53, 'dns', /^$/],
  ] as const)('%s at port %i for %s', (code, port, what, advice) => {
    expect(listenAdvice(code, port, what)).toMatch(advice);
  });
});
