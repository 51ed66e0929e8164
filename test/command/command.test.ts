// The command line, as a real process.
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ask } from 'ferrydns/testing';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-command-'));
const children = new Set<{ kill(signal: 'SIGKILL'): unknown }>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function run(...words: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'src/main.ts'), ...words], { cwd: folder }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

test.each(['', 'migrate', 'migrate simulate', 'pool', 'explain'])('help for "%s" is printed, and is no failure', async (words) => {
  const help = await run(...words.split(' ').filter((word) => word !== ''), '-help');
  expect(help).toEqual({ status: 0, out: expect.stringMatching(`^usage: ferrydns ${words}`), err: '' });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Running {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly port: number;
  readonly out: () => string;
}

function start(words: string[], input = ''): Promise<Running> {
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), ...words], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  child.stdin.end(input);
  let out = '';
  return new Promise((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`ended with ${status}: ${out}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      const port = /listening on (?:127\.0\.0\.1|0\.0\.0\.0):(\d+)/.exec(out)?.[1];
      if (port !== undefined) resolve({ child, port: Number(port), out: () => out });
    });
  });
}

test('check sets everything up, opens nothing and says ok', async () => {
  const path = file('good', '.:53 {\n bind 127.0.0.1\n whoami\n}\n');
  expect(await run('check', path)).toEqual({ status: 0, out: `${path}: ok\n`, err: '' });
});

test('check prints every error with its line, a caret and what was expected, and exits with 1', async () => {
  const path = file('bad', 'example.org {\n whoamI\n cache -5\n}\nexample.com:99999999 {\n errors\n}\n. {\n route53\n}\n');
  const { status, err } = await run('check', path);
  expect(status).toBe(1);
  for (const line of [
    `${path}:2 - Error during parsing: Unknown directive 'whoamI'`,
    `did you mean 'whoami'?`,
    `${path}:3 - Error during parsing: cache TTL can not be zero or negative: -5`,
    `    3 |  cache -5`,
    `${path}:5 - Error during parsing: error inspecting server blocks`,
    `${path}:9 - Error during parsing: plugin 'route53' is known to CoreDNS, but ferrydns does not have it yet`,
  ]) {
    expect(err).toContain(line);
  }
});

test('what a file of a stranger holds is repeated without what a terminal obeys', async () => {
  const path = join(folder, 'queries');
  writeFileSync(path, 'www.example.org \x1b[31mRED\n');
  const { status, err } = await run('compare', '-servers', '127.0.0.1:1,127.0.0.1:2', '-queries', path);
  expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('unknown type "\\x1b[31mRED"') as string });
});

test('a Corefile that is not there is named', async () => {
  const { status, err } = await run('-conf', 'missing');
  expect([status, err]).toEqual([1, expect.stringMatching(/missing.*no such file/)]);
});

test('format prints the usual layout, convert goes to YAML and back', async () => {
  const path = file('odd', '.:53   { whoami\n   cache   30 {\nkeepttl\n}\n}');
  const formatted = (await run('format', path)).out;
  expect(formatted).toBe((await run('format', file('even', formatted))).out);
  const yaml = (await run('convert', path)).out;
  expect(yaml).toContain('servers:');
  const back = (await run('convert', file('odd.yaml', yaml))).out;
  expect((await run('convert', file('back', back))).out).toBe(yaml);
});

describe('convert', () => {
  const corefile = `# the head
(common) {
    errors # of all
}
.:53 { # the root
    import common
    # what is asked
    forward . {$UP} ::1 # first
    hosts {
        192.0.2.1 a.example
        ttl 5
        192.0.2.2 b.example
        fallthrough # last
    }
}
# the end
`;
  const yaml = `# the head
servers:
  - zones: ['.:53'] # the root
    plugins:
      - errors # of all
      # what is asked
      - forward: ['.', '{$UP}', '::1'] # first
      - hosts:
          lines:
            - [192.0.2.1, a.example]
            - [192.0.2.2, b.example]
          ttl: 5
          fallthrough: true # last
# the end
`;

  test('keeps comments and variables, and says what it writes out', async () => {
    const path = file('from', corefile);
    const { status, out, err } = await run('convert', path);
    expect({ status, out }).toEqual({ status: 0, out: yaml });
    expect(err).toBe(
      `${path}:2 - the snippet (common) is not kept: its lines stand where it is imported\n` +
        `${path}:6 - 'import common' is not kept: what it imports stands in its place\n`,
    );
  });

  test('and back', async () => {
    expect(await run('convert', file('from.yaml', yaml))).toEqual({
      status: 0,
      err: '',
      out: `# the head
.:53 { # the root
    errors # of all
    # what is asked
    forward . {$UP} ::1 # first
    hosts {
        192.0.2.1 a.example
        192.0.2.2 b.example
        fallthrough # last
        ttl 5
    }
}

# the end
`,
    });
  });
});

test('-plugins and -version tell what there is', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect((await run('-version')).out).toContain(`FerryDNS-${version}\n`);
  expect((await run('-plugins')).out.split('\n')).toEqual(expect.arrayContaining(['cache', 'forward', 'whoami']));
});

test.each([
  [['extra'], /extra command line arguments: \[extra\]/],
  [['-p', 'x'], /invalid value "x"/],
  [['-quiet', 'extra'], /^extra command line arguments: \[extra\]\nusage: /],
  [['-nonsense'], /^unknown flag -nonsense\nusage: /],
  [['-p=x'], /invalid value "x"/],
  [['-conf'], /^flag -conf has no value, expected one behind it\nusage: /],
  [['-quiet=yes'], /^flag -quiet has a value, expected none\nusage: /],
])('%j is refused', async (words, message) => {
  const { status, err } = await run(...words);
  expect([status, err]).toEqual([1, expect.stringMatching(message)]);
});

test('-conf stdin, -p and -pidfile', async () => {
  const pidfile = join(folder, 'pid');
  const running = await start(['-conf', 'stdin', '-dns.port=0', '-pidfile', pidfile], '. {\n bind 127.0.0.1\n whoami\n}\n');
  expect(readFileSync(pidfile, 'utf8')).toBe(`${running.child.pid}\n`);
  expect((await ask({ port: running.port, name: 'example.org' })).rcode).toBe('NOERROR');
  const ended = new Promise((resolve) => running.child.removeAllListeners('exit').once('exit', resolve));
  running.child.kill('SIGTERM');
  expect(await ended).toBe(0);
});

test('without a Corefile the built-in default answers who asked, and logs it', async () => {
  const running = await start(['-p', '0']).catch((error: Error) => error);
  if (running instanceof Error) throw running;
  expect((await ask({ port: running.port, name: 'example.org' })).additionals[0]).toMatch(/IN A 127\.0\.0\.1/);
  await expect.poll(running.out).toContain('example.org. udp');
  running.child.removeAllListeners('exit').kill('SIGKILL');
});

test('check tells warnings too', async () => {
  const path = file('odd-end', '.:53 {\n bind 127.0.0.1\n whoami\n}\n}\n');
  expect(await run('check', path)).toMatchObject({ status: 0, err: expect.stringContaining('[WARNING]') });
});

test.each([
  ['the server', '', 1],
  ['both workers', 'multisocket 2\n', 3],
])('an error that a plugin throws outside of a query is logged, and %s live on', async (_, more, processes) => {
  file(
    'stray.js',
    `import { definePlugin } from 'ferrydns/plugin';
export default definePlugin({
  name: 'stray', summary: '', config: {}, order: { before: 'whoami' },
  setup: () => ({ start() { setTimeout(() => { throw new Error('a stray error'); }, 50); Promise.reject(new Error('a stray rejection')); } }),
});`,
  );
  const path = file('stray', `{\n plugin stray ./stray.js\n}\n.:0 {\n bind 127.0.0.1\n ${more} stray\n whoami\n}\n`);
  const running = await start(['-conf', path]);
  await expect.poll(() => running.out().split('Error: a stray error').length - 1).toBe(processes);
  expect(running.out().split('Error: a stray rejection').length - 1).toBe(processes);
  expect(running.out()).not.toContain('starting another one');
  expect((await ask({ port: running.port, name: 'example.org' })).rcode).toBe('NOERROR');
  running.child.removeAllListeners('exit').kill('SIGKILL');
});
