// CoreDNS, the server that ferrydns is compared with: from $COREDNS, from PATH, or from the folder where the parity recorder puts it.
import { join } from 'node:path';
import { findOnPath, isExecutable } from '../program.ts';
import { launchWithCorefile } from './corefile.ts';
import type { BenchServer } from './server.ts';

const cached = join(import.meta.dirname, '../../node_modules/.cache/coredns/coredns');

export const coredns: BenchServer = {
  name: 'coredns',
  install: 'go install github.com/coredns/coredns@v1.14.7, and put it into PATH or name the file in the variable COREDNS',
  version: ['-version'],
  find() {
    const named = process.env['COREDNS'];
    if (named !== undefined && named !== '') return isExecutable(named) ? [named] : undefined;
    const found = findOnPath('coredns') ?? (isExecutable(cached) ? cached : undefined);
    return found === undefined ? undefined : [found];
  },
  launch: launchWithCorefile,
};
