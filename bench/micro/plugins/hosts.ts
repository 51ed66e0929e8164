// A name of the hosts file, in tables of several sizes; the queries are for 1,000 names of each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostsEntries, hostsFile } from '../../workloads.ts';
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

const ASKED = 1000;

export const benches: readonly MicroBench[] = [1000, 100_000, 1_000_000].map((entries) => ({
  name: `answer from hosts: ${entries.toLocaleString('en')} entries`,
  prepare: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ferrydns-micro-'));
    try {
      writeFileSync(join(folder, 'hosts'), hostsFile(entries));
      const asked = hostsEntries(entries).filter((_, index) => index % (entries / ASKED) === 0);
      return await served(
        [`hosts ${join(folder, 'hosts')} {\n    reload 0s\n  }`],
        asked.map(({ name }) => name),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
}));
