// The Corefile that kubeadm installs, in a Pod: what a service account may do, and what the API server does to it. Only the ports are others.
import { spawnSync } from 'node:child_process';
import { ask, freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slice } from '../support/cluster-objects.ts';
import { exampleCluster } from '../support/example-cluster.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { startInPod } from '../support/pod-program.ts';
import { soon } from '../support/soon.ts';

/** A Pod finds its service account in a folder that is nobody else's: that takes a mount namespace. */
const mayMount = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0;
const corefile = (port: number, ready: number) => `.:${port} {
    errors
    health :0 {
       lameduck 5s
    }
    ready 127.0.0.1:${ready}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus 127.0.0.1:0
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;
const role = {
  rules: [
    { apiGroups: [''], resources: ['services', 'namespaces'], verbs: ['list', 'watch'] },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  ],
};
const rbac = 'rbac.authorization.k8s.io';
let api: KubernetesApi;

beforeAll(async () => {
  api = await KubernetesApi.start();
  for (const object of exampleCluster) await api.put(object);
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: 'kube-system' } });
});
afterAll(() => api[Symbol.asyncDispose]());

async function allow(): Promise<void> {
  const metadata = { name: 'system:coredns' };
  const path = `/apis/${rbac}/v1`;
  await api.call('POST', `${path}/clusterroles`, { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, ...role });
  const subjects = [{ kind: 'ServiceAccount', name: 'coredns', namespace: 'kube-system' }];
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name };
  await api.call('POST', `${path}/clusterrolebindings`, { apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata, roleRef, subjects });
}

test.skipIf(!mayMount)('waits for its rights, answers, and goes on through restarts of the API server', async () => {
  const [port, ready] = [await freePort('0.0.0.0'), await freePort()];
  const account = api.accountFolder('kube-system', await api.tokenOf('kube-system', 'coredns'));
  await using program = await startInPod(corefile(port, ready), account);
  const web = () => ask({ port, name: 'web.shop.svc.cluster.local', udpSize: 1232 });
  const told = JSON.stringify((await web()).extendedErrors);
  expect(told).toContain('is forbidden');
  expect(program.output.out).toMatch(/Failed to list \*v1\.EndpointSlice: endpointslices\.discovery\.k8s\.io is forbidden: .* cannot watch resource/);
  expect((await fetch(`http://127.0.0.1:${ready}/ready`)).status).toBe(503);
  await allow();
  await expect.poll(async () => (await web()).answers, soon).toEqual(['web.shop.svc.cluster.local. 30 IN A 10.0.0.10']);
  await expect.poll(async () => (await fetch(`http://127.0.0.1:${ready}/ready`)).status, soon).toBe(200);
  for (let round = 1; round <= 2; round++) {
    await api.kill();
    expect((await web()).answers).toEqual(['web.shop.svc.cluster.local. 30 IN A 10.0.0.10']);
    await api.start();
    await api.put(slice('shop/early-1', 'early', [`172.16.9.${round}`]));
    const early = () => ask({ port, name: 'early.shop.svc.cluster.local' });
    await expect.poll(async () => (await early()).answers, soon).toEqual([`early.shop.svc.cluster.local. 30 IN A 172.16.9.${round}`]);
  }
});
