// The Corefile of each workload, the same bytes for CoreDNS and ferrydns.
import { join } from 'node:path';
import { CACHE_CAPACITY, isEncrypted, REWRITE_TARGET, REWRITTEN_NAME, type Workload, type WorkloadKind } from '../workloads.ts';
import type { Launch, Place } from './server.ts';

/** Starts a server that reads a Corefile with `-conf FILE -p PORT`. */
export function launchWithCorefile(workload: Workload, place: Place): Launch {
  const name = 'Corefile';
  return {
    args: ['-conf', join(place.folder, name), '-p', String(place.port)],
    files: [{ name, text: corefile(workload, place) }],
  };
}

function corefile(workload: Workload, place: Place): string {
  const directives = ['bind 127.0.0.1', ...directivesOf[workload.kind](place)];
  const { port, certificate, key } = place.encrypted;
  const clear = block('.', directives);
  if (!isEncrypted(workload)) return clear;
  const scheme = workload.transport === 'dot' ? 'tls' : 'https';
  return `${clear}${block(`${scheme}://.:${port}`, [...directives, `tls ${certificate} ${key}`])}`;
}

function block(key: string, directives: readonly string[]): string {
  return `${key} {\n${directives.map((line) => `    ${line}\n`).join('')}}\n`;
}

const directivesOf: Readonly<Record<WorkloadKind, (place: Place) => readonly string[]>> = {
  cached: cacheAndForward,
  misses: ({ upstream }) => ['cache 3600', `forward . 127.0.0.1:${upstream}`],
  nxdomain: cacheAndForward,
  hosts: ({ hosts }) => [`hosts ${hosts}`],
  template: () => [
    'template IN A template.bench {',
    '    match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-(?P<c>[0-9]+)-(?P<d>[0-9]+)[.]template[.]bench[.]$',
    '    answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"',
    '}',
  ],
  chain: ({ hosts, upstream, admin }) => [
    'errors',
    `health 127.0.0.1:${admin.health}`,
    `ready 127.0.0.1:${admin.ready}`,
    `prometheus 127.0.0.1:${admin.metrics}`,
    `rewrite name exact ${REWRITTEN_NAME} ${REWRITE_TARGET}`,
    `hosts ${hosts} {`,
    '    fallthrough',
    '}',
    `forward . 127.0.0.1:${upstream}`,
    'cache 30',
    'loop',
    'reload',
    'loadbalance',
  ],
};

function cacheAndForward({ upstream }: Place): readonly string[] {
  return ['cache 3600 {', `    success ${CACHE_CAPACITY} 3600`, `    denial ${CACHE_CAPACITY} 3600`, '}', `forward . 127.0.0.1:${upstream}`];
}
