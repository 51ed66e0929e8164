// unbound: one thread, no validation, its cache as large as CoreDNS's. Names of the hosts file are local data.
import { join } from 'node:path';
import { findOnPath } from '../program.ts';
import { hostsEntries, REWRITTEN_NAME, type Workload } from '../workloads.ts';
import type { BenchServer, Launch, Place } from './server.ts';

export const unbound: BenchServer = {
  name: 'unbound',
  install: 'on Debian or Ubuntu: apt-get install unbound; else https://nlnetlabs.nl/unbound',
  version: ['-V'],
  find() {
    // Debian keeps daemons where the PATH of a user does not look.
    const found = findOnPath('unbound') ?? findOnPath('unbound', '/usr/sbin');
    return found === undefined ? undefined : [found];
  },
  launch(workload: Workload, place: Place): Launch {
    const name = 'unbound.conf';
    return { args: ['-d', '-p', '-c', join(place.folder, name)], files: [{ name, text: configuration(workload, place) }] };
  },
};

function configuration(workload: Workload, place: Place): string {
  const server = [
    'num-threads: 1',
    `interface: 127.0.0.1@${place.port}`,
    'access-control: 127.0.0.0/8 allow',
    'do-not-query-localhost: no',
    ...['username: ""', 'chroot: ""', 'pidfile: ""', `directory: "${place.folder}"`],
    ...['use-syslog: no', 'logfile: ""', 'verbosity: 0'],
    'module-config: "iterator"',
    ...['msg-cache-size: 64m', 'rrset-cache-size: 128m', 'so-rcvbuf: 0'],
    ...['outgoing-range: 4096', 'num-queries-per-thread: 2048', 'incoming-num-tcp: 200'],
    ...['qname-minimisation: no', 'minimal-responses: yes'],
    ...(workload.kind === 'chain' ? ['rrset-roundrobin: yes', 'extended-statistics: yes', 'statistics-interval: 0'] : []),
    ...encrypted(workload, place),
    ...localData(workload),
  ];
  const text = server.map((line) => `    ${line}\n`).join('');
  return `server:\n${text}forward-zone:\n    name: "."\n    forward-addr: 127.0.0.1@${place.upstream}\nremote-control:\n    control-enable: no\n`;
}

function encrypted({ transport }: Workload, { encrypted: { port, certificate, key } }: Place): readonly string[] {
  if (transport !== 'dot' && transport !== 'doh') return [];
  const service = transport === 'dot' ? `tls-port: ${port}` : `https-port: ${port}`;
  return [service, `interface: 127.0.0.1@${port}`, `tls-service-pem: "${certificate}"`, `tls-service-key: "${key}"`];
}

function localData({ kind, hostsEntries: entries }: Workload): readonly string[] {
  if (kind !== 'hosts' && kind !== 'chain') return [];
  const data = hostsEntries(entries).map(({ address, name }) => `local-data: "${name} 3600 A ${address}"`);
  const rewritten = [1, 2, 3, 4].map((last) => `local-data: "${REWRITTEN_NAME} 3600 A 192.0.2.${last}"`);
  return ['local-zone: "hosts.bench." static', ...data, ...(kind === 'chain' ? ['local-zone: "shop.example.org." static', ...rewritten] : [])];
}
