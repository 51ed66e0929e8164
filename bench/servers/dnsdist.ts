// dnsdist: a balancer, so what is local data elsewhere comes from its packet cache here. One listener, one worker for TCP.
import { join } from 'node:path';
import { findOnPath } from '../program.ts';
import { CACHE_CAPACITY, type Workload } from '../workloads.ts';
import type { BenchServer, Launch, Place, Unable } from './server.ts';

export const dnsdist: BenchServer = {
  name: 'dnsdist',
  install: 'on Debian or Ubuntu: apt-get install dnsdist; else https://www.dnsdist.org',
  version: ['--version'],
  find() {
    const found = findOnPath('dnsdist');
    return found === undefined ? undefined : [found];
  },
  launch(workload: Workload, place: Place): Launch | Unable {
    if (workload.kind === 'hosts') return { unable: 'it reads no hosts file' };
    const name = 'dnsdist.conf';
    return { args: ['--supervised', '--disable-syslog', '-C', join(place.folder, name)], files: [{ name, text: configuration(workload, place) }] };
  },
};

function configuration(workload: Workload, place: Place): string {
  const { port, upstream } = place;
  const lines = [
    `setLocal('127.0.0.1:${port}')`,
    `setACL({'127.0.0.0/8'})`,
    `setSecurityPollSuffix('')`,
    'setMaxTCPClientThreads(1)',
    ...encrypted(workload, place),
    `newServer({address = '127.0.0.1:${upstream}', healthCheckMode = 'up'})`,
    `getPool(''):setCache(newPacketCache(${CACHE_CAPACITY}, {maxTTL = 3600, minTTL = 0, maxNegativeTTL = 3600, numberOfShards = 1}))`,
  ];
  return `${lines.join('\n')}\n`;
}

function encrypted({ transport }: Workload, { encrypted: { port, certificate, key } }: Place): readonly string[] {
  if (transport === 'dot') return [`addTLSLocal('127.0.0.1:${port}', '${certificate}', '${key}')`];
  return transport === 'doh' ? [`addDOHLocal('127.0.0.1:${port}', '${certificate}', '${key}', {'/dns-query'})`] : [];
}
