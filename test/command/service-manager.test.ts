// As a service of systemd: what the server says of itself, and the unit that runs it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { isNativeAvailable } from '../../src/transport/batch/library.ts';
import { NotifyReceiver, noReceiver } from '../support/notify-receiver.ts';
import { Program, startProgram } from '../support/program.ts';
import { soon } from '../support/soon.ts';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-notify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const unit = join(import.meta.dirname, '../../deploy/systemd/ferrydns.service');

const serving = (...lines: readonly string[]) => `.:0 {\nbind 127.0.0.1\n${lines.join('\n')}\nwhoami\n}\n`;

const status = expect.stringMatching(/^STATUS=serving \.:0 on 127\.0\.0\.1/);
const reloading = ['RELOADING=1', expect.stringMatching(/^MONOTONIC_USEC=\d+$/), 'STATUS=reloading'];

/** The path of a socket by each way to send to it, with the reason why a way cannot be tested here. */
const ways = [
  { way: 'a path', socket: join(folder, 'notify'), env: {}, missing: isNativeAvailable() ? noReceiver : 'node:ffi is missing' },
  { way: 'an abstract name', socket: `@ferrydns-${process.pid}`, env: {}, missing: isNativeAvailable() ? noReceiver : 'node:ffi is missing' },
  {
    way: 'systemd-notify, without node:ffi',
    socket: join(folder, 'program'),
    env: { NODE_OPTIONS: '--no-experimental-ffi' },
    missing: spawnSync('systemd-notify', ['--version']).status === 0 ? noReceiver : 'systemd-notify is not installed',
  },
];

describe('the service manager is told', () => {
  test.for(ways)('by $way when the server serves, reloads, is refused a reload, and stops', async ({ socket, env, missing }, { skip }) => {
    if (missing !== undefined) skip(missing);
    await using manager = await NotifyReceiver.open(socket);
    await using server = await startProgram({ files: { Corefile: serving() }, env: { ...env, NOTIFY_SOCKET: socket } });
    const expected: unknown[] = [['READY=1', status]];
    const told = () => vi.waitFor(() => expect(manager.messages).toEqual(expected), soon);
    await told();
    server.process.kill('SIGHUP');
    expected.push(reloading, ['READY=1', status]);
    await told();
    server.write('Corefile', serving('nonsense'));
    server.process.kill('SIGUSR1');
    expected.push(reloading, ['READY=1', expect.stringMatching(/^STATUS=reload refused.*serving/)]);
    await told();
    const [began = 0, beganAgain = 0] = manager.messages.filter(([line]) => line === 'RELOADING=1').map((lines) => Number(lines[1]?.split('=')[1]));
    expect(beganAgain).toBeGreaterThan(began);
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expected.push(['STOPPING=1', 'STATUS=stopping']);
    await told();
  });

  test.skipIf(noReceiver !== undefined)('of every half of the time of the watchdog that it is alive', async () => {
    await using manager = await NotifyReceiver.open(join(folder, 'watchdog'));
    const env = { NOTIFY_SOCKET: join(folder, 'watchdog'), WATCHDOG_USEC: '20000' };
    await using _server = await startProgram({ files: { Corefile: serving('multisocket 2') }, env });
    await vi.waitFor(() => expect(manager.messages.filter(([line]) => line === 'WATCHDOG=1').length).toBeGreaterThan(2), soon);
    expect(manager.messages.filter(([line]) => line === 'READY=1')).toHaveLength(1);
  });

  test.skipIf(noReceiver !== undefined)('nothing of a watchdog that is meant for another process', async () => {
    await using manager = await NotifyReceiver.open(join(folder, 'other'));
    const env = { NOTIFY_SOCKET: join(folder, 'other'), WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' };
    await using server = await startProgram({ files: { Corefile: serving() }, env });
    server.process.kill('SIGTERM');
    await server.ended;
    await vi.waitFor(() => expect(manager.messages.map(([line]) => line)).toEqual(['READY=1', 'STOPPING=1']), soon);
  });

  test('nothing where nobody listens, which is logged once and keeps nobody from serving', async () => {
    const env = { NOTIFY_SOCKET: join(folder, 'nobody') };
    await using server = await startProgram({ files: { Corefile: serving() }, env });
    await vi.waitFor(() => expect(server.output.out).toContain('[WARNING] the service manager cannot be told how the server stands'), soon);
    server.process.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(server.output.out.match(/cannot be told/g)).toHaveLength(1);
  });

  test('never that a server is ready which cannot start', async ({ skip }) => {
    if (noReceiver !== undefined) skip(noReceiver);
    await using manager = await NotifyReceiver.open(join(folder, 'refused'));
    await using server = new Program({ files: { Corefile: serving('nonsense') }, env: { NOTIFY_SOCKET: join(folder, 'refused') } });
    expect(await server.ended).toBe(1);
    expect(manager.messages.flat()).not.toContain('READY=1');
  });
});

test('the unit is one that systemd takes', ({ skip }) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip('systemd-analyze is not installed');
  const { status: result, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(result).toBe(0);
});

test('the start line says what brings UDP in batches, where it is missing', async () => {
  await using server = await startProgram({ files: { Corefile: serving() }, env: { NODE_OPTIONS: '--no-experimental-ffi' } });
  const native = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (native) expect(server.output.out).toMatch(/UDP dgram \(UDP batch is faster: start Node (26 or later|with --experimental-ffi)\)$/m);
  else expect(server.output.out).toMatch(/UDP dgram$/m);
});
