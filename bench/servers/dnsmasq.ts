// dnsmasq, which always has one thread: its cache as large as CoreDNS's, the hosts file read as one.
import { findOnPath } from '../program.ts';
import { CACHE_CAPACITY, isEncrypted, REWRITTEN_NAME, type Workload } from '../workloads.ts';
import type { BenchServer, Launch, Place, Unable } from './server.ts';

export const dnsmasq: BenchServer = {
  name: 'dnsmasq',
  install: 'on Debian or Ubuntu: apt-get install dnsmasq-base; else https://thekelleys.org.uk/dnsmasq',
  version: ['--version'],
  find() {
    const found = findOnPath('dnsmasq') ?? findOnPath('dnsmasq', '/usr/sbin');
    return found === undefined ? undefined : [found];
  },
  launch(workload: Workload, place: Place): Launch | Unable {
    if (isEncrypted(workload)) return { unable: 'it speaks no TLS' };
    if (workload.transport === 'tcp') return { unable: 'it starts a process for each connection, 20 at most' };
    return { args: options(workload, place), files: [] };
  },
};

function options({ kind }: Workload, { port, upstream, hosts }: Place): readonly string[] {
  return [
    ...['--conf-file=/dev/null', '--keep-in-foreground', '--log-facility=-', '--pid-file='],
    // It would become nobody, who cannot read the bench's folder.
    ...(process.getuid?.() === 0 ? ['--user=root', '--group=root'] : []),
    ...['--no-resolv', '--no-hosts', '--bind-interfaces', '--listen-address=127.0.0.1', `--port=${port}`],
    ...[`--server=127.0.0.1#${upstream}`, `--cache-size=${CACHE_CAPACITY}`, '--local-ttl=3600'],
    ...(kind === 'hosts' || kind === 'chain' ? [`--addn-hosts=${hosts}`] : []),
    ...(kind === 'chain' ? [1, 2, 3, 4].map((last) => `--host-record=${REWRITTEN_NAME},192.0.2.${last}`) : []),
  ];
}
