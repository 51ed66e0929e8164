// A cluster with an object of every kind that names are made of, and the questions that its DNS specification answers, for each way to configure it.
import { externalName, headless, namespace, pod, service, serviceImport, slice } from './cluster-objects.ts';
import type { KubernetesObject } from './kubernetes.ts';

const http = { name: 'http', port: 80 };
const metrics = { name: 'metrics', port: 9100 };
const udp = { name: 'dns', port: 53, protocol: 'UDP' };

/** Every object; the API server of tests gives cluster addresses of 10.0.0.0/16 and fd00:10::/112. */
export const exampleCluster: readonly KubernetesObject[] = [
  namespace('shop', { team: 'one' }),
  namespace('hidden', { team: 'two' }),
  namespace('empty'),
  service('shop/web', ['10.0.0.10'], [http, { ...http, name: 'https', port: 443 }, udp]),
  slice('shop/web-1', 'web', ['172.16.1.1', { address: '172.16.1.2', pod: 'web-7d4f-x1' }]),
  service('shop/dual', ['10.0.0.11', 'fd00:10::11']),
  slice('shop/dual-1', 'dual', ['172.16.1.3']),
  slice('shop/dual-2', 'dual', ['fd00:16::3']),
  service('shop/six', ['fd00:10::12']),
  service('shop/idle', ['10.0.0.13']),
  service('shop/plain', ['10.0.0.14'], [{ port: 8080 }]),
  service('shop/labelled', ['10.0.0.15'], [http], { labels: { exposed: 'yes' } }),
  headless('shop/db', [http, metrics]),
  slice(
    'shop/db-1',
    'db',
    [
      { address: '172.16.2.1', hostname: 'db-0', pod: 'db-0', zone: 'Zone-A' },
      { address: '172.16.2.2', hostname: 'db-1', pod: 'db-1', zone: 'Zone-A' },
      { address: '172.16.2.3', pod: 'db-2', zone: 'zone.b' },
      { address: '172.16.2.4', ready: false },
      { address: '172.16.2.5', ready: false, terminating: true },
    ],
    { ports: [http, metrics] },
  ),
  slice('shop/db-2', 'db', [{ address: 'fd00:16::21', hostname: 'db-0' }, 'fd00:16::'], { ports: [http, metrics] }),
  slice('shop/db-3', 'db', ['172.16.2.3', '172.16.2.7'], { ports: [http] }),
  headless('shop/silent'),
  headless('shop/portless', []),
  slice('shop/portless-1', 'portless', ['172.16.3.1', '172.16.3.2'], { ports: [] }),
  headless('shop/early', [http], { publishNotReadyAddresses: true }),
  slice('shop/early-1', 'early', [{ address: '172.16.3.3', ready: true }]),
  externalName('shop/alias', 'web.shop.svc.cluster.local'),
  externalName('shop/chain', 'alias.shop.svc.cluster.local'),
  externalName('shop/ring-a', 'ring-b.shop.svc.cluster.local'),
  externalName('shop/ring-b', 'ring-a.shop.svc.cluster.local'),
  externalName('shop/nowhere', 'gone.shop.svc.cluster.local'),
  externalName('shop/outside', 'www.example.org'),
  externalName('shop/missing', 'gone.example.org'),
  externalName('shop/literal', '192.0.2.7'),
  service('shop/public', ['10.0.0.20'], [http], { externalIPs: ['198.51.100.1'] }),
  service('shop/balanced', ['10.0.0.21'], [http, metrics], { type: 'LoadBalancer', ingress: [{ ip: '198.51.100.2' }, { ip: '2001:db8::2' }] }),
  service('shop/named', ['10.0.0.22'], [http], { type: 'LoadBalancer', ingress: [{ hostname: 'lb.example.org' }] }),
  slice('shop/public-1', 'public', ['172.16.4.1']),
  slice('shop/balanced-1', 'balanced', ['172.16.4.2']),
  service('hidden/web', ['10.0.0.30']),
  slice('hidden/web-1', 'web', ['172.16.5.1']),
  pod('shop/web-7d4f-x1', '172.16.1.2', { labels: { app: 'web' } }),
  pod('shop/six', 'fd00:16::9'),
  pod('shop/done', '172.16.1.9', { phase: 'Succeeded' }),
  pod('hidden/other', '172.16.5.9'),
];

/** What the API server knows only with the definition of ServiceImport. */
export const importedServices: readonly KubernetesObject[] = [
  serviceImport('shop/web', { ips: ['10.0.0.100'], ports: [http] }),
  serviceImport('shop/db', { type: 'Headless', ports: [http] }),
  importSlice('shop/db-a', 'db', 'Cluster-A', ['172.17.0.1', '172.17.0.2']),
  importSlice('shop/db-b', 'db', 'cluster-b', ['172.18.0.1']),
];

function importSlice(place: string, name: string, cluster: string, addresses: readonly string[]): KubernetesObject {
  const labels = { 'multicluster.kubernetes.io/service-name': name, 'multicluster.kubernetes.io/source-cluster': cluster };
  return slice(
    place,
    '',
    addresses.map((address, i) => ({ address, hostname: `${name}-${i}` })),
    { labels },
  );
}

const at = (suffix: string, ...questions: readonly string[]) =>
  questions.map((question) => question.replace(/^(\S*?)\.? /, (_, name: string) => `${name === '@' ? '' : `${name}.`}${suffix} `));
const shop = (...questions: readonly string[]) => at('shop.svc.cluster.local', ...questions);
const zone = (...questions: readonly string[]) => at('cluster.local', ...questions);
const types = (name: string, ...wanted: readonly string[]) => wanted.map((type) => `${name} ${type}`);

/** One way to configure the plugin, and what is asked then. */
export interface ClusterQuestions {
  readonly name: string;
  /** KnownAddresses "kubernetes", without the way to the API server. */
  readonly zones?: string;
  readonly options: readonly string[];
  readonly questions: readonly string[];
  /** What else is in the cluster. */
  readonly more?: readonly KubernetesObject[];
}

const services: readonly string[] = [
  ...shop(...types('web', 'A', 'AAAA', 'SRV', 'TXT', 'MX', 'CNAME', 'NS', 'SOA', 'PTR', 'HTTPS', 'CAA', 'ANY')),
  ...shop(
    ...types('_http._tcp.web', 'SRV', 'A', 'AAAA', 'TXT'),
    'http.tcp.web SRV',
    '_dns._udp.web SRV',
    '_dns._tcp.web SRV',
    '_http._udp.web A',
    '_nope._tcp.web SRV',
  ),
  ...shop(
    ...types('dual', 'A', 'AAAA', 'SRV'),
    ...types('six', 'A', 'AAAA', 'SRV'),
    ...types('idle', 'A', 'SRV'),
    ...types('plain', 'A', 'SRV'),
    '__.plain SRV',
  ),
  ...shop(
    'WEB A',
    'Web SRV',
    '172-16-1-1.web A',
    '172-16-1-9.web A',
    '172-16-1-1.web SRV',
    '172-16-1-1.web TXT',
    'a.b.c.web A',
    'a.b.c.d.web TXT',
    '*.web A',
    'any A',
    '* A',
  ),
  ...shop(...types('labelled', 'A'), 'gone A', 'gone AAAA', 'gone TXT', 'gone SOA', 'gone NS', '_http._tcp.gone SRV'),
];
const headlessServices: readonly string[] = [
  ...shop(
    ...types('db', 'A', 'AAAA', 'SRV +tcp', 'TXT', 'CNAME', 'MX'),
    ...types('_http._tcp.db', 'SRV', 'A'),
    ...types('_metrics._tcp.db', 'SRV', 'A'),
  ),
  ...shop(
    ...types('db-0.db', 'A', 'AAAA', 'SRV'),
    'db-1.db A',
    'db-1.db AAAA',
    '172-16-2-3.db A',
    'db-2.db A',
    '172-16-2-4.db A',
    'fd00-16--0.db AAAA',
    'fd00-16--21.db AAAA',
  ),
  ...shop(...types('silent', 'A', 'SRV', 'TXT'), ...types('portless', 'A', 'SRV'), '172-16-3-1.portless A', 'early A', 'early SRV'),
];
const aliases: readonly string[] = [
  ...shop(
    ...types('alias', 'A', 'AAAA', 'CNAME', 'SRV', 'TXT', 'MX'),
    'chain A',
    'chain CNAME',
    'ring-a A',
    'ring-a CNAME',
    'nowhere A',
    'nowhere CNAME',
  ),
  ...shop(
    'outside A',
    'outside AAAA',
    'outside CNAME',
    'outside TXT',
    'missing A',
    'literal A',
    'literal CNAME',
    '_http._tcp.alias SRV',
    'x.alias A',
  ),
];
const apex: readonly string[] = [
  ...zone(
    ...types('@', 'A', 'AAAA', 'SOA', 'TXT', 'MX', 'CNAME', 'SRV', 'PTR'),
    ...types('svc', 'A', 'TXT', 'SRV', 'NS'),
    ...types('pod', 'A', 'TXT'),
  ),
  ...zone(
    'dns-version TXT',
    'dns-version A',
    'DNS-version TXT',
    'shop.svc A',
    'shop.svc TXT',
    'shop.svc SRV',
    'empty.svc A',
    'gone.svc A',
    'x.gone.svc A',
    'foo A',
    'foo TXT',
    'a.foo A',
    'foo SOA',
  ),
];
const reverse: readonly string[] = [
  '10.0.0.10.in-addr.arpa PTR',
  '11.0.0.10.in-addr.arpa PTR',
  '1.2.16.172.in-addr.arpa PTR',
  '3.2.16.172.in-addr.arpa PTR',
  '4.2.16.172.in-addr.arpa PTR',
  '1.1.16.172.in-addr.arpa PTR',
  '30.0.0.10.in-addr.arpa PTR',
  '1.5.16.172.in-addr.arpa PTR',
  '99.0.0.10.in-addr.arpa PTR',
  '10.in-addr.arpa PTR',
  '10.0.0.10.in-addr.arpa A',
  'in-addr.arpa SOA',
  `1.1.${'0.'.repeat(22)}0.1.0.0.0.d.f.ip6.arpa PTR`,
  '1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.d.f.ip6.arpa PTR',
  '1.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.1.0.0.0.0.d.f.ip6.arpa PTR',
];
const podNames: readonly string[] = [
  ...zone(
    ...types('172-16-1-2.shop.pod', 'A', 'AAAA', 'TXT', 'SRV', 'CNAME', 'MX'),
    ...types('fd00-16--9.shop.pod', 'A', 'AAAA'),
    '172-16-1-9.shop.pod A',
    '172-16-5-9.shop.pod A',
  ),
  ...zone(
    '1-2-3-4.shop.pod A',
    '1-2-3.shop.pod A',
    '1-2-3-256.shop.pod A',
    'name.shop.pod A',
    '1-2-3-4.gone.pod A',
    'shop.pod A',
    'gone.pod A',
    '--1.shop.pod AAAA',
    'x.1-2-3-4.shop.pod A',
  ),
];
const plain = 'cluster.local in-addr.arpa ip6.arpa';

/** Every configuration, and its questions. */
export const clusterQuestions: readonly ClusterQuestions[] = [
  { name: 'services with a cluster address', options: ['ttl 30'], questions: services },
  { name: 'headless services', options: ['ttl 30'], questions: headlessServices },
  { name: 'services of type ExternalName', options: ['ttl 30'], questions: aliases },
  { name: 'the zone itself', options: [], questions: apex },
  { name: 'the zone itself, with a long TTL', options: ['ttl 3600'], questions: zone('@ SOA', 'foo A', 'web.shop.svc A') },
  { name: 'reverse names', zones: plain, options: ['ttl 30'], questions: reverse },
  { name: 'pods disabled', options: ['pods disabled'], questions: podNames },
  { name: 'pods insecure', options: ['pods insecure'], questions: podNames },
  { name: 'pods verified', options: ['pods verified'], questions: podNames },
  {
    name: 'endpoint_pod_names',
    zones: plain,
    options: ['endpoint_pod_names'],
    questions: [
      ...shop('db SRV +tcp', 'db-2.db A', 'db-0.db A', '172-16-2-3.db A', 'web-7d4f-x1.web A', '172-16-1-2.web A'),
      '3.2.16.172.in-addr.arpa PTR',
      '2.1.16.172.in-addr.arpa PTR',
    ],
  },
  {
    name: 'namespaces',
    zones: plain,
    options: ['namespaces shop'],
    questions: [...zone('web.hidden.svc A', 'web.shop.svc A', 'hidden.svc A', 'shop.svc A', '1-2-3-4.hidden.pod A'), ...reverse],
  },
  {
    name: 'namespace_labels',
    zones: plain,
    options: ['namespace_labels team=one'],
    questions: [...zone('web.hidden.svc A', 'web.shop.svc A', 'hidden.svc A', 'empty.svc A'), ...reverse],
  },
  { name: 'labels', options: ['labels exposed=yes'], questions: shop('labelled A', 'web A', 'db A') },
  {
    name: 'noendpoints',
    zones: plain,
    options: ['noendpoints'],
    questions: [...shop('db A', 'web A', '172-16-1-1.web A', 'db SRV +tcp'), ...reverse.slice(0, 6)],
  },
  {
    name: 'ignore empty_service',
    options: ['ignore empty_service'],
    questions: shop('web A', 'idle A', 'idle SRV', 'idle TXT', 'silent A', 'alias A', 'db A'),
  },
  {
    name: 'zonal',
    options: ['zonal'],
    questions: shop(
      'zone-a.pin._zone.db A',
      'zone.b.pin._zone.db A',
      'zone.b.pin._zone.db SRV',
      'zone-c.pin._zone.db A',
      'zone-c.pin._zone.db TXT',
      'zone-c.prefer._zone.db A',
      'zone-a.prefer._zone.db A',
      'zone-a.pin._zone.web A',
      'zone-a.pin._zone.gone A',
      'zone-a.pin._zone.gone TXT',
      'zone-a.other._zone.db A',
      'pin._zone.db A',
    ),
  },
  { name: 'zone labels without zonal', options: [], questions: shop('zone-a.pin._zone.db A') },
  {
    name: 'fallthrough',
    zones: plain,
    options: ['fallthrough in-addr.arpa shop.svc.cluster.local'],
    questions: [
      ...shop('gone A', 'web A', 'web AAAA', 'gone TXT'),
      ...zone('gone.svc A'),
      '99.0.0.10.in-addr.arpa PTR',
      '10.0.0.10.in-addr.arpa PTR',
      `${'0.'.repeat(32)}ip6.arpa PTR`,
    ],
  },
  {
    name: 'multicluster',
    zones: 'cluster.local clusterset.local',
    options: ['multicluster clusterset.local'],
    more: importedServices,
    questions: [
      ...at(
        'shop.svc.clusterset.local',
        ...types('web', 'A', 'SRV', 'AAAA', 'TXT'),
        ...types('db', 'A', 'SRV'),
        'db-0.cluster-a.db A',
        'db-0.cluster-b.db A',
        'db-1.cluster-b.db A',
        '_http._tcp.db SRV',
        '_http._tcp.web SRV',
        'db-0.db A',
        'gone A',
        'idle A',
      ),
      ...at('clusterset.local', '@ SOA', 'shop.svc A', 'foo A'),
      ...shop('db A', 'web A'),
    ],
  },
];

/** The definition of ServiceImport, as the Multi-Cluster Services API has it. */
export const serviceImports: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'serviceimports.multicluster.x-k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/2087' },
  },
  spec: {
    group: 'multicluster.x-k8s.io',
    scope: 'Namespaced',
    names: { plural: 'serviceimports', singular: 'serviceimport', kind: 'ServiceImport' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
