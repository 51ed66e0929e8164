// The disk to which the log is written is full.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { atLeast, exactly, type Fault } from '../fault.ts';
import { mountSmall } from '../isolation.ts';

const OCTETS = 64 * 1024;

export const diskFull: Fault = {
  name: 'disk-full',
  title: 'every query is logged onto a disk of 64 KiB, which fills in the first seconds; 500 new names and 500 names from the cache a second',
  peers: ['coredns'],
  expectations: [exactly('lost', 0), exactly('failed', 0), exactly('disk full', 1), atLeast('logs again', 1)],
  async run(lab) {
    const upstreams = [(await lab.upstream()).port, (await lab.upstream()).port];
    const folder = mkdtempSync(join(lab.children.folder, 'disk-'));
    mountSmall(folder, OCTETS);
    const log = join(folder, 'log');
    const through = ['sh', '-c', 'exec "$@" >> "$0" 2>&1', log];
    const server = await lab.start({ upstreams, lines: ['log'] }, { through });
    await lab.warm(server);
    const { seconds } = lab;
    const [kept, fresh] = await Promise.all([
      lab.load(server, { names: 'kept', rate: 500, seconds }),
      lab.load(server, { names: 'new', rate: 500, seconds }),
    ]);
    const full = statSync(log).size >= OCTETS;
    execFileSync('truncate', ['-s', '0', log]);
    await lab.load(server, { names: 'new', rate: 100, seconds: 1 });
    const again = statSync(log).size > 0;
    await server.stop();
    execFileSync('umount', [folder]);
    return {
      lost: kept.lost + fresh.lost,
      failed: kept.failed + fresh.failed,
      'cached p99 ms': kept.p99,
      'new p99 ms': fresh.p99,
      'disk full': full ? 1 : 0,
      'logs again': again ? 1 : 0,
    };
  },
};
