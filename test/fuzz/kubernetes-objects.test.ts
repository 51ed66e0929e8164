// Whatever the objects of a cluster say, every question about them is answered: what is no record is left out.

import fc from 'fast-check';
import { makeQuery, ownClient, parseName, type Query, Reply } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { AnswerStore } from '../../plugins/kubernetes/answers/answer-store.ts';
import { Answers } from '../../plugins/kubernetes/answers/answers.ts';
import { External } from '../../plugins/kubernetes/answers/external.ts';
import { Finder } from '../../plugins/kubernetes/answers/finder.ts';
import { Inventory } from '../../plugins/kubernetes/cluster/inventory.ts';
import { resourcesFor } from '../../plugins/kubernetes/cluster/resources.ts';
import { ServiceIndex } from '../../plugins/kubernetes/cluster/service-index.ts';
import { render } from '../../src/dns/render.ts';
import { externalName, headless, namespace, service, serviceImport, slice } from '../support/cluster-objects.ts';
import { manyRuns, patience } from './runs.ts';

const out = new Uint8Array(65_535);

const wanted = { endpoints: true, pods: false, multicluster: true, podNames: true, zones: true, nodes: true };
const resources = resourcesFor({ labels: undefined, namespaceLabels: undefined, ...wanted });
const zone = (text: string) => parseName(text);
const [cluster, clusterset, external] = [zone('cluster.local'), zone('clusterset.local'), zone('example.org')];
const zones = [cluster, clusterset, zone('in-addr.arpa'), zone('ip6.arpa')];

/** The kinds of objects, and what each object is found in. */
const kindOf: Readonly<Record<string, readonly string[]>> = {
  Namespace: ['namespaces'],
  Service: ['services'],
  EndpointSlice: ['endpointslices', 'importslices'],
  ServiceImport: ['serviceimports'],
};

function indexOf(objects: readonly { readonly kind: string }[]): ServiceIndex {
  const index = new ServiceIndex();
  const sink = {
    put: (...[kind, key, object]: Parameters<ServiceIndex['put']>) => index.put(kind, key, object),
    remove() {},
    malformed() {},
  };
  for (const resource of resources) {
    const inventory = new Inventory(resource, sink);
    for (const object of objects) if (kindOf[object.kind]?.includes(resource.kind)) inventory.put(object as never);
  }
  return index;
}

const label = fc.oneof(
  fc.constantFrom('', '.', 'a.', 'a..b', '*', 'A', 'x'.repeat(63), 'x'.repeat(64), `${'x'.repeat(62)}.b`, '\\', '\\999', 'a b', '__proto__'),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.stringMatching(/^[a-z\d][-a-z\d]{0,61}[a-z\d]$/),
);
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));
const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('', 'fe80::1%eth0', '010.0.0.08', '10.0.0.300', 'none'), name);
const port = fc.record({
  name: label,
  port: fc.oneof(fc.constantFrom(0, -1, 80, 65_535, 65_536, 2 ** 53, 1.5), fc.constantFrom('80', null) as fc.Arbitrary<never>),
  protocol: fc.constantFrom('TCP', 'udp', '', 'x'.repeat(64)),
});
const ports = fc.array(port, { maxLength: 3 });
const endpoint = fc.record({ address, hostname: label, pod: label, zone: label, node: label });
const objects = fc.record({
  ports,
  addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
  hosts: fc.array(name, { maxLength: 3 }),
  endpoints: fc.array(endpoint, { maxLength: 4 }),
  alias: name,
});

test('every question about objects of any words is answered', patience, async () => {
  await fc.assert(
    fc.asyncProperty(objects, async ({ ports, addresses, hosts, endpoints, alias }) => {
      const imported = { 'multicluster.kubernetes.io/service-name': 'web', 'multicluster.kubernetes.io/source-cluster': 'far' };
      const index = indexOf([
        namespace('ns'),
        service('ns/web', addresses, ports, { externalIPs: addresses, ingress: hosts.map((hostname) => ({ hostname })) }),
        headless('ns/db', ports),
        externalName('ns/other', alias),
        slice('ns/db-1', 'db', endpoints, { ports }),
        slice('ns/far-1', '', endpoints, { ports, labels: imported }),
        serviceImport('ns/web', { ips: addresses, ports }),
      ]);
      const common = {
        index,
        finder: new Finder(index, { namespaces: new Set(), pods: 'disabled', ignoreEmpty: false }),
        missing: () => undefined,
        own: () => [],
        resolve: () => Reply.empty('NXDOMAIN'),
      };
      const settings = { zones, primaryZone: cluster, multiclusterZones: [clusterset], zonal: true, ttl: 5, fallthrough: [] };
      const counter = { value: 0, add() {} };
      const answers = new Answers({ ...common, settings, store: new AnswerStore(), freshness: () => '', denials: () => counter });
      const outside = new External({ ...common, ttl: 5 });
      const reverse = addresses.map((each) => `${each.split('.').reverse().join('.')}.in-addr.arpa`);
      const asked = ['web.ns.svc.cluster.local', 'db.ns.svc.cluster.local', 'other.ns.svc.cluster.local', 'web.ns.svc.clusterset.local', ...reverse];
      for (const query of asked.flatMap(queriesFor)) {
        const reply = await answers.handle(query, () => Reply.empty('REFUSED'));
        expect(render(reply, query, out, out.length)).toBeGreaterThan(0);
      }
      for (const query of ['web.ns.example.org', ...reverse].flatMap(queriesFor)) {
        const { answers: records } = await outside.answer({ query, zone: external, reverseZone: external, ttl: 5, headless: true } as never);
        for (const { rdata } of records) expect(rdata).toBeInstanceOf(Uint8Array);
      }
    }),
    manyRuns(0.3),
  );
});

function queriesFor(text: string): Query[] {
  try {
    const name = parseName(text);
    return (['A', 'AAAA', 'SRV', 'CNAME', 'PTR', 'TXT'] as const).map((type) => makeQuery({ name, type, client: ownClient, receivedAt: 0 }));
  } catch {
    return [];
  }
}
