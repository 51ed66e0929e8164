// ferrydns itself, from the source beside this folder, under the Node that runs the bench.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launchWithCorefile } from './corefile.ts';
import type { BenchServer } from './server.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

export const ferrydns: BenchServer = {
  name: 'ferrydns',
  install: 'run the bench inside the repository, where src/main.ts is',
  version: ['-version'],
  find: () => (existsSync(main) ? [process.execPath, main] : undefined),
  launch: launchWithCorefile,
};
