// NodeLocal DNSCache: the Corefile of the addon, filled in by the DaemonSet's own script, loads and serves.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, serve } from 'ferrydns/testing';
import { afterAll, expect, test } from 'vitest';
import { corefiles, problemsOf } from '../support/corefiles.ts';
import { type Manifest, manifests, only, selects } from '../support/manifests.ts';
import { startUpstream } from '../support/upstream.ts';

const objects = manifests('node-local/node-local-dns.yaml');
const pod = only(objects, 'DaemonSet').spec.template;
const [cache] = pod.spec.containers;
const init: Manifest = Object.fromEntries(pod.spec.initContainers.map((container: Manifest) => [container.name, container]));
const environment = Object.fromEntries(init.corefile.env.map(({ name, value }: Manifest) => [name, value]));
const base: string = only(objects, 'ConfigMap').data.Corefile;
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-node-local-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** What the init container makes of the Corefile, in an environment of its own. */
function filledIn(env: Readonly<Record<string, string>>): string {
  writeFileSync(join(folder, 'Corefile.base'), base);
  const script = init.corefile.args[0].replace('/etc/coredns-base/', `${folder}/`).replace('/etc/coredns/', `${folder}/`);
  execFileSync('sh', ['-ec', script], { env: { PATH: process.env['PATH'], ...environment, ...env }, stdio: 'pipe' });
  return readFileSync(join(folder, 'Corefile'), 'utf8');
}

test('the Corefile is the one that is known of the addon, every placeholder is filled in, and it loads', async () => {
  const words = (text: string) => text.trim().split(/\s+/);
  const filled = filledIn({ LOCAL_DNS: '127.0.0.10 127.0.0.11', KUBE_DNS_UPSTREAM_SERVICE_HOST: '10.96.0.10' });
  expect(filled).not.toContain('__PILLAR__');
  expect(words(filled.replace('health 127.0.0.10 127.0.0.11:8080', 'health 127.0.0.10:8080'))).toEqual(words(corefiles.get('node-local') ?? ''));
  expect(await problemsOf(filledIn({ KUBE_DNS_UPSTREAM_SERVICE_HOST: '10.96.0.10' }))).toEqual([]);
});

test('without the Service that it asks, the Pod says so and does not start', () => {
  expect(() => filledIn({})).toThrow('make the Service kube-dns-upstream first');
});

test('names of the cluster are asked of the cluster over TCP, all others of the name servers of the node', async () => {
  const cluster = await startUpstream({ 'web.default.svc.cluster.local A': ['web.default.svc.cluster.local 5 A 10.96.0.20'], '* *': {} });
  const node = await startUpstream({ 'www.example.org A': ['www.example.org 300 A 192.0.2.1'], '* *': {} });
  const local = `127.${byte()}.${byte()}.${byte()}`;
  const filled = filledIn({ LOCAL_DNS: local, KUBE_DNS_UPSTREAM_SERVICE_HOST: cluster.endpoint, UPSTREAM_SERVERS: node.endpoint });
  const corefile = filled.replaceAll(':53 {', ':0 {').replaceAll(':9253', '127.0.0.1:0').replace(`health ${local}:8080`, `health ${local}:0`);
  try {
    await using server = await serve(corefile);
    const { port } = server;
    const told = async (name: string) => (await ask({ address: local, port, name })).answers;
    expect(await told('web.default.svc.cluster.local')).toEqual(['web.default.svc.cluster.local. 5 IN A 10.96.0.20']);
    expect(await told('www.example.org')).toEqual(['www.example.org. 30 IN A 192.0.2.1']);
    expect(await told('web.default.svc.cluster.local')).toHaveLength(1);
    const asked = (of: typeof cluster, name: string) => of.asked.map(({ text }) => text).filter((text) => text.includes(name));
    expect(asked(cluster, 'web.default')).toEqual([expect.stringMatching(/^tcp /)]);
    expect(asked(node, 'www.example.org')).toEqual([expect.stringMatching(/^udp /)]);
    expect((await fetch(`http://${local}:${server.server.httpPort(`${local}:0`)}${cache.livenessProbe.httpGet.path}`)).status).toBe(200);
  } finally {
    await Promise.all([cluster.stop(), node.stop()]);
  }
});

test('the parts fit together', () => {
  const { labels } = pod.metadata;
  expect(selects(only(objects, 'DaemonSet').spec.selector.matchLabels, labels)).toBe(true);
  expect(selects(only(objects, 'Service', 'node-local-dns').spec.selector, labels)).toBe(true);
  // The cluster's Pods, not those of this DaemonSet: else it would ask itself.
  expect(only(objects, 'Service', 'kube-dns-upstream').spec.selector).toEqual(only(manifests('kubernetes/ferrydns.yaml'), 'Service').spec.selector);
  expect(cache.livenessProbe.httpGet.host).toBe(environment['LOCAL_DNS']);
  expect(init.interface.env).toEqual(init.corefile.env);
  expect(pod.spec).toMatchObject({ hostNetwork: true, dnsPolicy: 'Default', serviceAccountName: only(objects, 'ServiceAccount').metadata.name });
  const mounted = [cache, ...pod.spec.initContainers].flatMap(({ volumeMounts = [] }: Manifest) => volumeMounts.map(({ name }: Manifest) => name));
  expect(new Set(mounted)).toEqual(new Set(pod.spec.volumes.map(({ name }: Manifest) => name)));
});

function byte(): number {
  return 1 + Math.floor(Math.random() * 253);
}
