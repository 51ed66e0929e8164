// What each server is told in a fault: the same upstreams, cache and local name, in its own words.
import { join } from 'node:path';
import type { Launch, Unable } from '../bench/servers/server.ts';

/** What a fault wants of a server. It always has a hosts file with LOCAL_NAME, a cache, and upstreams for the rest. */
export interface Setup {
  /** Ports on 127.0.0.1. */
  readonly upstreams: readonly number[];
  /** Seconds that answers are kept; an hour unless given. */
  readonly keep?: number;
  /** Whether what has expired is given when no upstream answers. */
  readonly stale?: boolean;
  /** Further lines of the server block, for those that read a Corefile. */
  readonly lines?: readonly string[];
  /** Seconds that queries are answered after SIGTERM. */
  readonly lameduck?: number;
}

/** A name that needs no upstream. */
export const LOCAL_NAME = 'local.bench.';
const LOCAL_ADDRESS = '192.0.2.53';
const CAPACITY = 40_000;

/** All on 127.0.0.1, in a network where every port is free. */
export interface Ports {
  readonly dns: number;
  readonly metrics: number;
  readonly health: number;
}

/** How to start a server in `folder`, or why it cannot have this setup. */
export function launch(server: string, setup: Setup, place: { readonly ports: Ports; readonly folder: string }): Launch | Unable {
  const { ports, folder } = place;
  const file = (name: string, text: string, ...args: string[]): Launch => ({ args: [...args, join(folder, name)], files: [{ name, text }] });
  if (server === 'unbound') return file('unbound.conf', unbound(setup, ports, folder), '-d', '-p', '-c');
  if (server === 'dnsdist') return file('dnsdist.conf', dnsdist(setup, ports), '--supervised', '--disable-syslog', '-C');
  return file('Corefile', corefile(setup, ports), '-p', String(ports.dns), '-conf');
}

export function corefile({ upstreams, keep = 3600, stale, lines = [], lameduck = 0 }: Setup, { metrics, health }: Ports): string {
  const directives = [
    'bind 127.0.0.1',
    'errors',
    `health 127.0.0.1:${health} {`,
    `    lameduck ${lameduck}s`,
    '}',
    `prometheus 127.0.0.1:${metrics}`,
    'hosts {',
    `    ${LOCAL_ADDRESS} ${LOCAL_NAME}`,
    '    fallthrough',
    '}',
    `cache ${keep} {`,
    `    success ${CAPACITY} ${keep} 0`,
    ...(stale === true ? ['    serve_stale 1h verify 1500ms 30s 30s'] : []),
    '}',
    `forward . ${upstreams.map((port) => `127.0.0.1:${port}`).join(' ')}`,
    ...lines,
  ];
  return `. {\n${directives.map((line) => `    ${line}\n`).join('')}}\n`;
}

function unbound({ upstreams, keep = 3600, stale }: Setup, { dns }: Ports, folder: string): string {
  const server = [
    'num-threads: 1',
    `interface: 127.0.0.1@${dns}`,
    'access-control: 127.0.0.0/8 allow',
    'do-not-query-localhost: no',
    ...['username: ""', 'chroot: ""', 'pidfile: ""', `directory: "${folder}"`],
    ...['use-syslog: no', 'logfile: ""', 'verbosity: 0'],
    'module-config: "iterator"',
    `cache-max-ttl: ${keep}`,
    ...(stale === true ? ['serve-expired: yes', 'serve-expired-client-timeout: 1500', 'ede: yes', 'ede-serve-expired: yes'] : []),
    ...['outgoing-range: 4096', 'num-queries-per-thread: 2048', 'incoming-num-tcp: 200'],
    'qname-minimisation: no',
    `local-data: "${LOCAL_NAME} 3600 A ${LOCAL_ADDRESS}"`,
  ];
  const text = server.map((line) => `    ${line}\n`).join('');
  const forwards = upstreams.map((port) => `    forward-addr: 127.0.0.1@${port}\n`).join('');
  return `server:\n${text}forward-zone:\n    name: "."\n${forwards}remote-control:\n    control-enable: no\n`;
}

function dnsdist({ upstreams, keep = 3600, stale }: Setup, { dns }: Ports): string {
  return [
    `setLocal('127.0.0.1:${dns}')`,
    `setACL({'127.0.0.0/8'})`,
    `setSecurityPollSuffix('')`,
    ...upstreams.map((port) => `newServer({address = '127.0.0.1:${port}'})`),
    `addAction('${LOCAL_NAME}', SpoofAction({'${LOCAL_ADDRESS}'}))`,
    `getPool(''):setCache(newPacketCache(${CAPACITY}, {maxTTL = ${keep}, minTTL = 0, keepStaleData = ${stale === true}}))`,
    ...(stale === true ? ['setStaleCacheEntriesTTL(3600)'] : []),
    '',
  ].join('\n');
}
