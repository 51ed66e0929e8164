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

/** Options, and what the message says of those that are refused. */
const options: Readonly<Record<string, string | undefined>> = {
  'pods insecure': undefined,
  pods: 'Wrong argument count',
  'pods other': 'must be one of: disabled, verified, insecure',
  'pods disabled verified': 'Wrong argument count',
  endpoint_pod_names: undefined,
  'endpoint_pod_names x': 'Wrong argument count',
  'namespaces a b': undefined,
  namespaces: 'Wrong argument count',
  'labels a in (b, c),d=e,!f': undefined,
  'labels a!=b': 'is not a valid label selector operator',
  'labels a in': 'unable to parse label selector value',
  labels: 'Wrong argument count',
  'namespace_labels team=one': undefined,
  'namespace_labels =': 'unable to parse namespace_label selector value',
  'namespaces a ; namespace_labels b': 'namespaces and namespace_labels cannot both be set',
  'ttl 0': undefined,
  'ttl 3600': undefined,
  'ttl 3601': 'ttl must be in range [0, 3600]: 3601',
  'ttl -1': 'ttl must be in range [0, 3600]: -1',
  ttl: 'Wrong argument count',
  noendpoints: undefined,
  'noendpoints x': 'Wrong argument count',
  'ignore empty_service': undefined,
  'ignore other': "unable to parse ignore value: 'other'",
  zonal: undefined,
  'zonal ; noendpoints': 'zonal requires the endpoint cache; remove noendpoints',
  'multicluster cluster.local': undefined,
  'multicluster other.local': 'is not authoritative for the multicluster zone other.local.',
  'apiserver_qps 5 ; apiserver_burst 10 ; apiserver_max_inflight 3': undefined,
  'apiserver_qps 0.5': undefined,
  'apiserver_qps -1': '',
  'apiserver_burst x': '',
  apiserver_max_inflight: 'Wrong argument count',
  'startup_timeout x': '',
  startup_timeout: 'Wrong argument count',
  'tls a b': 'Wrong argument count',
  kubeconfig: 'Wrong argument count',
  upstream: "unknown property 'upstream'",
  'resyncperiod 5m': "unknown property 'resyncperiod'",
  'fallthrough a.test': undefined,
};
/** Where the error is told of, in place of the closing brace. */
const lines: Readonly<Record<string, number>> = {
  'namespaces a ; namespace_labels b': 6,
  'zonal ; noendpoints': 5,
  'multicluster other.local': 5,
};
const start = '        endpoint http://127.0.0.1:1\n        startup_timeout 1ms\n';
const loads: readonly ParityCase[] = [
  ...Object.entries(options).map(([option, says]): ParityCase => {
    const text = option
      .split(' ; ')
      .map((line) => `        ${line}\n`)
      .join('');
    return {
      load: true,
      name: `option: ${option}`,
      corefile: `.:{{PORT}} {\n    kubernetes cluster.local {\n${start}${text}    }\n}\n`,
      ...(says === undefined ? {} : { says }),
      ...(lines[option] === undefined ? {} : { deviation: { id: 'error-line', instead: { line: lines[option] } } }),
    };
  }),
  {
    load: true,
    name: 'reverse zones alone',
    corefile: `.:{{PORT}} {\n    kubernetes 10.in-addr.arpa {\n${start}    }\n}\n`,
    says: 'non-reverse zone name must be used',
  },
  {
    load: true,
    name: 'kubernetes twice',
    corefile: `.:{{PORT}} {\n    kubernetes a {\n${start}    }\n    kubernetes b {\n${start}    }\n}\n`,
    says: 'only be used once per server block',
  },
  { load: true, name: 'outside of a cluster', corefile: '.:{{PORT}} {\n    kubernetes cluster.local\n}\n', says: 'KUBERNETES_SERVICE_PORT' },
  {
    load: true,
    name: 'k8s_external without kubernetes',
    corefile: '.:{{PORT}} {\n    k8s_external a.test\n}\n',
    says: 'kubernetes plugin not loaded',
  },
  {
    load: true,
    name: 'k8s_external with a long TTL',
    corefile: '.:{{PORT}} {\n    k8s_external a.test {\n        ttl 4000\n    }\n}\n',
    says: 'ttl must be in range [0, 3600]: 4000',
  },
  { load: true, name: 'autopath without a word', corefile: '.:{{PORT}} {\n    autopath\n}\n' },
  {
    load: true,
    name: 'autopath with a file that is not there',
    corefile: '.:{{PORT}} {\n    autopath {{DIR}}/nothing\n}\n',
    says: 'failed to parse',
  },
];

export const cases: readonly ParityCase[] = [
  ...loads,
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
