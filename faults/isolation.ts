// Runs the whole in namespaces of its own: a network with nothing but loopback, where firewall rules harm nobody; a file system whose mounts nobody else sees; and
// processes that the kernel ends with the first of them. Nothing of that is left behind, however it ends.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { findOnPath } from '../bench/program.ts';

/** Set in the process that is inside. */
const INSIDE = 'FERRYDNS_FAULTS_INSIDE';
/** In the namespace of mounts this is a file system in memory. */
const FOLDER = '/mnt';

/** Whether this process is the one inside. */
export function isInside(): boolean {
  return process.env[INSIDE] !== undefined;
}

/** Runs this program again, with the same words, inside; gives its exit code. */
export async function runInside(): Promise<number> {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const spaces = [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const words = ['--pdeathsig', 'SIGKILL', '--', 'unshare', ...spaces, process.execPath, ...process.argv.slice(1)];
  const child = spawn('setpriv', words, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1', TMPDIR: FOLDER } });
  // unshare passes none of them on; what it started ends with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

/** Makes the namespaces usable. */
export function prepareInside(): void {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', FOLDER]);
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
}

/** Mounts a file system that holds so many octets and no more. */
export function mountSmall(folder: string, octets: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${octets}`, 'tmpfs', folder]);
}

const packages = { dnsperf: 'dnsperf', ip: 'iproute2', mount: 'mount', nft: 'nftables', setpriv: 'util-linux', unshare: 'util-linux' };

/** What nothing can be done without and is not there, each with how to get it. */
export function missingPrograms(): readonly string[] {
  return Object.entries(packages)
    .filter(([program]) => findProgram(program) === undefined)
    .map(([program, name]) => `${program} is not in PATH; on Debian or Ubuntu: apt-get install ${name}`);
}

/** Also where the PATH of a user does not look. */
export function findProgram(name: string): string | undefined {
  return findOnPath(name) ?? findOnPath(name, '/usr/sbin:/sbin');
}
