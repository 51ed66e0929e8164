// Every record of the DNS specification of Kubernetes, and every option of the plugin, against a played API server.
import { pod } from '../../support/cluster-objects.ts';
import { clusterQuestions, exampleCluster } from '../../support/example-cluster.ts';
import type { Script } from '../../support/upstream.ts';
import { type ExchangeCase, type ParityCase, spelled } from '../case.ts';

const script: Script = {
  'gone.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org h.example.org 1 2 3 4 300'] },
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
  '* *': {},
};

const specified: readonly ParityCase[] = clusterQuestions.map(({ name, zones = 'cluster.local', options, questions, more = [] }) => ({
  name,
  upstreams: [script],
  cluster: [...exampleCluster, ...more],
  corefile: [
    '.:{{PORT}} {',
    `    kubernetes ${zones} {`,
    '        endpoint http://{{API}}',
    ...options.map((line) => `        ${line}`),
    '    }',
    '    forward . {{UP1}}',
    '}',
    '',
  ].join('\n'),
  steps: questions.map((question) => (/^[A-Z]\S* SRV/.test(question) ? spelled(question) : question)),
}));

const types = (name: string, ...wanted: readonly string[]) => wanted.map((type) => `${name} ${type}`);
const outside = [
  ...types('public.shop.ext.test', 'A', 'AAAA', 'SRV', 'TXT', 'MX', 'CNAME', 'PTR'),
  ...types('balanced.shop.ext.test', 'A', 'AAAA', 'SRV'),
  ...types('_http._tcp.balanced.shop.ext.test', 'SRV', 'A'),
  ...types('named.shop.ext.test', 'A', 'AAAA', 'SRV'),
  ...types('web.shop.ext.test', 'A', 'SRV', 'TXT'),
  ...types('db.shop.ext.test', 'A', 'AAAA', 'SRV +tcp'),
  ...types('db-0.db.shop.ext.test', 'A', 'AAAA', 'SRV'),
  ...types('_metrics._tcp.db.shop.ext.test', 'SRV'),
  ...types('x.public.shop.ext.test', 'A'),
  ...types('a.b.c.public.shop.ext.test', 'A'),
  ...types('gone.shop.ext.test', 'A', 'PTR'),
  ...types('shop.ext.test', 'A', 'TXT'),
  ...types('gone.ext.test', 'A'),
  ...types('x.gone.ext.test', 'A'),
  ...types('ext.test', 'A', 'SOA', 'TXT'),
  ...types('dns.ext.test', 'A'),
  ...types('ns1.dns.ext.test', 'TXT'),
  ...types('ns2.dns.ext.test', 'A'),
  ...types('x.ns1.dns.ext.test', 'A'),
  '1.100.51.198.in-addr.arpa PTR',
  '9.100.51.198.in-addr.arpa PTR',
];

function external(name: string, lines: readonly string[], questions: readonly string[] = outside): ParityCase {
  const cluster = '    kubernetes cluster.local {\n        endpoint http://{{API}}\n        ttl 30\n    }\n';
  const block = ['    k8s_external ext.test in-addr.arpa {', ...lines.map((line) => `        ${line}`), '    }'].join('\n');
  return {
    name,
    upstreams: [script],
    cluster: exampleCluster,
    corefile: `.:{{PORT}} {\n${cluster}${block}\n    forward . {{UP1}}\n}\n`,
    steps: questions,
  };
}

const searched: readonly string[] = [
  'www.example.org.shop.svc.cluster.local A',
  'gone.example.org.shop.svc.cluster.local A',
  'web.shop.svc.cluster.local A',
  'web.shop.shop.svc.cluster.local A',
  'web.hidden.shop.svc.cluster.local A',
  'web.shop.shop.svc.cluster.local TXT',
  'nothing.shop.svc.cluster.local A',
  'web.hidden.svc.cluster.local A',
  'dual.shop.shop.svc.cluster.local AAAA',
  'six.shop.shop.svc.cluster.local A',
  'www.example.org A',
  'gone.example.org A',
];

function searching(name: string, line: string, more: Partial<ExchangeCase> = {}): ParityCase {
  const cluster = '    kubernetes cluster.local {\n        endpoint http://{{API}}\n        pods verified\n    }\n';
  const client = pod('shop/client', '127.0.0.1');
  return {
    name,
    upstreams: [script],
    cluster: [...exampleCluster, client],
    corefile: `.:{{PORT}} {\n    autopath ${line}\n${cluster}    forward . {{UP1}}\n}\n`,
    steps: searched,
    ...more,
  };
}

export const cases: readonly ParityCase[] = [
  ...specified,
  external('k8s_external', []),
  external('k8s_external: headless, with another TTL and apex', ['headless', 'ttl 60', 'apex servers']),
  external('k8s_external: fallthrough', ['fallthrough']),
  searching('autopath by the Pod that asks', '@kubernetes'),
  searching('autopath in a zone', 'hidden.svc.cluster.local @kubernetes'),
  searching('autopath by a file', '{{DIR}}/resolv.conf', {
    files: { 'resolv.conf': 'search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 192.0.2.1\n' },
  }),
  searching('autopath by a plugin that is not there', '@nothing'),
];
