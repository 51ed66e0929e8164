// The manifests of deploy/kubernetes, laid over a kube-dns addon as kubeadm leaves it, in a real API server.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer, ask, freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findProgram } from '../services/needs.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { type Manifest, manifests, only } from '../support/manifests.ts';
import { startProgram } from '../support/program.ts';
import { soon } from '../support/soon.ts';
import { startUpstream } from '../support/upstream.ts';

const addon = manifests('kubernetes/ferrydns.yaml');
const deploymentPath = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
const servicePath = '/api/v1/namespaces/kube-system/services/kube-dns';
const root = join(import.meta.dirname, '../..');
let api: KubernetesApi;

/** The commands of a section of docs/kubernetes.md that need no node. */
function stepsOf(heading: string): string[] {
  const text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const [section = ''] = text.slice(text.indexOf(`\n## ${heading}\n`) + 1).split(/\n(?=## )/);
  const lines = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, fence = '']) => fence.trim().split('\n'));
  return lines.filter((line) => line.startsWith('kubectl ') && !/ (rollout|run|logs) | --raw /.test(line));
}

beforeAll(async () => {
  // The API server makes kube-system itself, some time after it is ready.
  api = await KubernetesApi.start();
  await vi.waitFor(() => api.call('GET', '/api/v1/namespaces/kube-system'), soon);
  for (const object of before) await api.create(object);
});
afterAll(() => api?.[Symbol.asyncDispose]());

const labels = { 'k8s-app': 'kube-dns' };
const metadata = (name: string) => ({ name, namespace: 'kube-system', labels });

/** What is in the cluster when CoreDNS serves: as much of it as could be in the way. */
const oldDeployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata('coredns'),
  spec: {
    replicas: 2,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'coredns',
        dnsPolicy: 'Default',
        containers: [
          {
            name: 'coredns',
            image: 'registry.k8s.io/coredns/coredns:v1.12.1',
            args: ['-conf', '/etc/coredns/Corefile'],
            resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
            volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
            ports: [
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
              { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
            ],
          },
        ],
        volumes: [{ name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } }],
      },
    },
  },
};
const before = [
  oldDeployment,
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('coredns'), data: { Corefile: '.:53 {\n    whoami\n}\n' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('kube-dns'),
    spec: { clusterIP: '10.0.0.10', selector: labels, ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }] },
  },
];

describe('over a CoreDNS that is there', () => {
  test('every object is taken by the API server, a second time as well', async () => {
    for (const object of [...addon, ...addon, ...manifests('kubernetes/autoscaler.yaml')]) await api.applyOver(object);
  });

  test('the Pods have one container, with the new image; their number is what it was', async () => {
    const { spec } = await api.call<Manifest>('GET', deploymentPath);
    expect(spec.replicas).toBe(2);
    expect(spec.template.spec.containers.map(({ name, image }: Manifest) => [name, image])).toEqual([['coredns', 'ferrydns']]);
    expect(spec.template.spec.volumes.map(({ name }: Manifest) => name)).toEqual(['config-volume']);
    expect(spec.template.spec.containers[0].securityContext.runAsNonRoot).toBe(true);
  });

  test('the Service has the address that Pods ask, and the Corefile is as it was', async () => {
    const service = await api.call<Manifest>('GET', servicePath);
    expect(service.spec.clusterIP).toBe('10.0.0.10');
    expect(service.spec.ports.map(({ name }: Manifest) => name).sort()).toEqual(['dns', 'dns-tcp', 'metrics']);
    const { data } = await api.call<Manifest>('GET', '/api/v1/namespaces/kube-system/configmaps/coredns');
    expect(data.Corefile).toContain('whoami');
  });

  test('the volume for the journals of plans is where they are by default, beside what is mounted', async () => {
    const [patch] = manifests('kubernetes/migrate-volume.yaml');
    await api.call('PATCH', deploymentPath, patch, 'application/strategic-merge-patch+json');
    const { spec } = await api.call<Manifest>('GET', deploymentPath);
    const [container, ...others] = spec.template.spec.containers;
    expect(others).toEqual([]);
    expect(container.volumeMounts.map(({ mountPath }: Manifest) => mountPath).sort()).toEqual(['/etc/coredns', '/ferrydns-migrations']);
    // It stays when the manifests are applied again.
    for (const object of addon) await api.applyOver(object);
    const { spec: after } = await api.call<Manifest>('GET', deploymentPath);
    expect(after.template.spec.volumes.map(({ name }: Manifest) => name).sort()).toEqual(['config-volume', 'ferrydns-migrations']);
  });

  test.skipIf(findProgram('kubectl') === undefined)(
    'the steps of the guide put it there, and the way back leaves what was before (needs kubectl)',
    async () => {
      await api.put(oldDeployment);
      const { spec } = await api.call<Manifest>('GET', deploymentPath);
      const env = { ...process.env, KUBECONFIG: api.kubeconfig() };
      const run = (line: string) =>
        execFileSync('sh', ['-ec', line.replace('deploy/', `${join(root, 'deploy')}/`)], { cwd: api.folder, env, stdio: 'pipe' });
      for (const line of stepsOf('Five steps')) run(line);
      expect(readFileSync(join(api.folder, 'Corefile'), 'utf8')).toContain('whoami');
      const { spec: moved } = await api.call<Manifest>('GET', deploymentPath);
      expect(moved.template.spec.containers.map(({ image }: Manifest) => image)).toEqual(['registry.example.org/ferrydns:0.1.0']);
      for (const line of stepsOf('And back')) run(line);
      const { spec: back } = await api.call<Manifest>('GET', deploymentPath);
      expect(back).toEqual(spec);
    },
  );

  test('back again is one step: the Deployment that was there', async () => {
    await api.put(oldDeployment);
    const { spec } = await api.call<Manifest>('GET', deploymentPath);
    expect(spec.template.spec.containers.map(({ name, image }: Manifest) => [name, image])).toEqual([
      ['coredns', 'registry.k8s.io/coredns/coredns:v1.12.1'],
    ]);
  });
});

/** The Corefile of the manifests, outside of a Pod: with a kubeconfig of this token, and other ports. */
async function corefileFor(token: string, upstream: string): Promise<{ readonly port: number; readonly text: string; readonly ready: string }> {
  const [port, ready] = [await freePort('0.0.0.0'), `127.0.0.1:${await freePort()}`];
  const text = only(manifests('kubernetes/corefile.yaml'), 'ConfigMap')
    .data.Corefile.replace('.:53', `.:${port}`)
    .replace('pods insecure', `kubeconfig ${api.kubeconfig({ token, namespace: 'kube-system' })}\n        pods verified`)
    .replace('health {', 'health 127.0.0.1:0 {')
    .replace('ready', `ready ${ready}`)
    .replace(':9153', '127.0.0.1:0')
    .replace('/etc/resolv.conf', upstream);
  return { port, ready: `http://${ready}/ready`, text };
}

describe('with the rights of its account', () => {
  test('the server knows the cluster', async () => {
    for (const object of addon) await api.applyOver(object);
    const upstream = await startUpstream({ '* *': {} });
    try {
      const { port, ready, text } = await corefileFor(await api.tokenOf('kube-system', 'coredns'), upstream.endpoint);
      await using _program = await startProgram({ files: { Corefile: text } });
      const told = (name: string): Promise<Answer> => ask({ port, name, timeout: 20_000 });
      await expect
        .poll(async () => (await told('kube-dns.kube-system.svc.cluster.local')).answers)
        .toEqual(['kube-dns.kube-system.svc.cluster.local. 30 IN A 10.0.0.10']);
      await expect.poll(() => fetch(ready).then(({ status }) => status)).toBe(200);
    } finally {
      await upstream.stop();
    }
  });

  test('and without them says which one is missing', async () => {
    await api.applyOver({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'kube-system' } });
    const { text } = await corefileFor(await api.tokenOf('kube-system', 'nobody'), '127.0.0.1:9');
    await using program = await startProgram({ files: { Corefile: text } });
    await expect
      .poll(() => program.output.out + program.output.error)
      .toMatch(/cannot (list|watch) resource "(services|namespaces|pods|endpointslices)"/);
  });
});
