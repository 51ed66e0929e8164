// ferrydns itself, under the Node that runs the bench: the file named by $FERRYDNS, or the source beside this folder.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { launchWithCorefile } from './corefile.ts';
import type { BenchServer } from './server.ts';

const source = join(import.meta.dirname, '../../src/main.ts');

/** As in `npm start`: what Node makes of the source, which takes most of a start, is kept. */
const keeping = ['env', `NODE_COMPILE_CACHE=${join(import.meta.dirname, '../../node_modules/.cache/ferrydns')}`];

export const ferrydns: BenchServer = {
  name: 'ferrydns',
  install: 'run the bench inside the repository, where src/main.ts is, or name a built dist/src/main.js in the variable FERRYDNS',
  version: ['-version'],
  find() {
    const named = process.env['FERRYDNS'] ?? '';
    const main = named === '' ? source : resolve(named);
    return existsSync(main) ? [...keeping, process.execPath, main] : undefined;
  },
  launch: launchWithCorefile,
};
