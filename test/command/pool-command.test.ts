// `ferrydns pool`, run as a process of its own against a server.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPool } from '../../src/command/pool-command.ts';
import { printPools } from '../../src/command/pool-status.ts';
import type { PoolStatus } from '../../src/plugin/pool-status.ts';
import { type PoolServer, servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

function run(...words: readonly string[]): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'pool', ...words], { env: { ...process.env, USER: 'ben' } }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const adminOf = ({ server }: PoolServer) => ['-admin', `127.0.0.1:${server.server.httpPort('127.0.0.1:0')}`];

test('status shows which member waits, and failback leads back to it', async () => {
  await using primary = await tcpService({ address: '127.0.0.1' });
  await using _secondary = await tcpService({ address: '127.0.0.3', port: primary.port });
  await using pool = await servePools(`. {
    pool db.example.org {
      member 127.0.0.1
      member 127.0.0.3 backup
      check tcp ${primary.port} dwell 0s
      failback manual
      admin 127.0.0.1:0
    }
  }`);
  const admin = adminOf(pool);
  expect(await run('failback', 'db.example.org', ...admin)).toMatchObject({ status: 1, err: 'the members that come first answer already\n' });
  await primary.stop();
  await pool.pass(6);
  await primary.start();
  await pool.pass(5);
  const { out } = await run('status', ...admin);
  expect(out).toContain('pool db.example.org.: round_robin, all_down hold\n');
  expect(out).toMatch(/^ {2}answers +127\.0\.0\.3 \(backup\)$/m);
  expect(out).toMatch(/^ {2}failback +manual, waits$/m);
  expect(out).toMatch(/^ {2}127\.0\.0\.3 +127\.0\.0\.3 +up +1 +backup, answers$/m);
  const back = await run('failback', 'db.example.org', ...admin);
  expect(back).toMatchObject({ status: 0, out: expect.stringMatching(/^ {2}answers +127\.0\.0\.1$/m) });
  expect(pool.server.lines.join('\n')).toContain('as asked for by ben from 127.0.0.1');
  expect(await pool.addresses('db.example.org')).toEqual(['127.0.0.1']);
  expect(JSON.parse((await run('status', '-json', ...admin)).out)).toMatchObject([{ pool: 'db.example.org.', failback: 'manual' }]);
  expect(JSON.parse((await run('status', 'db.example.org', '-json', ...admin)).out)).toMatchObject({ pool: 'db.example.org.' });
  expect(await run('status', 'other.example.org', ...admin)).toMatchObject({
    status: 1,
    err: `no such pool: other.example.org: the server at http://${admin[1]} has the pool db.example.org., or it has no admin\n`,
  });
});

test('a server whose pools have no admin says so, and words that are not known get the usage', async () => {
  await using pool = await servePools('. {\n pool db.example.org {\n member 192.0.2.1\n }\n health 127.0.0.1:0\n }');
  expect(await run('status', ...adminOf(pool))).toMatchObject({
    status: 1,
    err: expect.stringMatching(/status 404, expected the admin address of a ferrydns\n$/),
  });
  await expect(runPool(['hurry'])).rejects.toThrow(/^unknown command "hurry"\nusage: ferrydns pool status/);
  for (const words of [[], ['-help']]) await expect(runPool(words)).rejects.toThrow(/^usage: ferrydns pool status/);
  await expect(runPool(['failback'])).rejects.toThrow(/^failback: no pool, expected one\nusage: ferrydns pool status/);
  await expect(runPool(['status', 'a', 'b'])).rejects.toThrow(/^unexpected "b"\nusage: ferrydns pool status/);
});

const address = (text: string) => ({ address: text, up: true, drained: false, looked_at: true, agent: null });
const member = {
  member: 'a.example.org.',
  records: 'address' as const,
  backup: false,
  up: true,
  drained: false,
  serving: true,
  weight: 4,
  weight_now: 3,
  addresses: [],
};
const web: PoolStatus = {
  pool: 'www.example.org.',
  policy: 'weighted',
  failback: 'after',
  failback_after: 60,
  all_down: 'all',
  serving: [{ records: 'address', by: 'all', members: ['a.example.org.', '192.0.2.2'], failback_pending: false }],
  members: [
    {
      ...member,
      addresses: [
        { ...address('192.0.2.1'), agent: { up: false, admin: 'drain', percent: 75 } },
        { ...address('2001:db8::1'), up: false, looked_at: false },
      ],
    },
    { ...member, member: '192.0.2.2', weight: 1, weight_now: 1, drained: true, addresses: [address('192.0.2.2')] },
    { ...member, member: 'b.example.org.', up: false, serving: false, weight_now: 4 },
  ],
};

test('one pool is shown in full', () => {
  expect(printPools([web]).split('\n')).toEqual([
    'pool www.example.org.: weighted, all_down all',
    '  answers   a.example.org., 192.0.2.2 (no member is well: all_down all)',
    '  failback  after 60 s',
    '  member          address        state                    weight  agent',
    '  a.example.org.  192.0.2.1      up                       3 of 4  down drain 75%  answers',
    '                  2001:db8::1    down, not looked at yet',
    '  192.0.2.2       192.0.2.2      drained                  1                       answers',
    '  b.example.org.  not known yet  down                     4',
  ]);
});

test('several pools are a table', () => {
  const mail: PoolStatus = {
    ...web,
    pool: 'example.org.',
    failback_after: null,
    failback: 'auto',
    serving: [
      { records: 'address', by: 'backup', members: ['192.0.2.9'], failback_pending: true },
      { records: 'mx', by: 'servfail', members: [], failback_pending: false },
    ],
  };
  expect(printPools([web, mail]).split('\n')).toEqual([
    'pool              policy    up      failback     answers',
    'www.example.org.  weighted  1 of 3  after 60 s   a.example.org., 192.0.2.2 (no member is well: all_down all)',
    'example.org.      weighted  1 of 3  auto, waits  192.0.2.9 (backup); nobody (no member is well: all_down servfail)',
  ]);
  expect(printPools([])).toBe('no pool');
});
