// The manifests that put ferrydns in the place of the kube-dns addon. Applied to a real API server: test/kubernetes/addon.test.ts.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { resourcesFor } from '../../plugins/kubernetes/cluster/resources.ts';
import { absentIn, corefiles, problemsOf, without } from '../support/corefiles.ts';
import { allowed, type Manifest, manifests, only, probed, selects } from '../support/manifests.ts';

const addon = manifests('kubernetes/ferrydns.yaml');
const deployment = only(addon, 'Deployment');
const service = only(addon, 'Service');
const pod = deployment.spec.template;
const [container] = pod.spec.containers;
const corefile: string = only(manifests('kubernetes/corefile.yaml'), 'ConfigMap').data.Corefile;

test('every file holds objects of Kubernetes, in kube-system where they are in a namespace', () => {
  const files = globSync('kubernetes/*.yaml', { cwd: join(import.meta.dirname, '../../deploy') }).filter(
    (file) => !/kustomization|migrate/.test(file),
  );
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const object of files.flatMap((file) => manifests(file))) {
    const everywhere = ['ClusterRole', 'ClusterRoleBinding'].includes(object.kind);
    expect(object.metadata.namespace, `${object.kind} ${object.metadata.name}`).toBe(everywhere ? undefined : 'kube-system');
  }
});

describe('what the addon of kubeadm calls its parts is kept, so that they are changed and not doubled', () => {
  test.each([
    ['ServiceAccount', 'coredns'],
    ['ClusterRole', 'system:coredns'],
    ['ClusterRoleBinding', 'system:coredns'],
    ['Deployment', 'coredns'],
    ['Service', 'kube-dns'],
  ])('%s %s', (kind, name) => {
    expect(only(addon, kind).metadata.name).toBe(name);
  });

  test('container, volume, selector and labels', () => {
    expect(pod.spec.containers.map(({ name }: Manifest) => name)).toEqual(['coredns']);
    expect(pod.spec.volumes).toEqual([{ name: 'config-volume', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } }]);
    expect(deployment.spec.selector).toEqual({ matchLabels: { 'k8s-app': 'kube-dns' } });
    expect(service.metadata.labels).toMatchObject({
      'k8s-app': 'kube-dns',
      'kubernetes.io/cluster-service': 'true',
      'kubernetes.io/name': 'CoreDNS',
    });
  });

  test('what the cluster has set stays: the address of the Service, the number of Pods, the Corefile', () => {
    expect(Object.keys(service.spec)).toEqual(['selector', 'ports']);
    expect(deployment.spec).not.toHaveProperty('replicas');
    expect(addon.filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
  });
});

describe('the parts fit together', () => {
  test('every selector means the Pods', () => {
    const { labels } = pod.metadata;
    const { affinity, topologySpreadConstraints } = pod.spec;
    const [preferred] = affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
    const selectors = [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      only(addon, 'PodDisruptionBudget').spec.selector.matchLabels,
      preferred.podAffinityTerm.labelSelector.matchLabels,
      ...topologySpreadConstraints.map(({ labelSelector }: Manifest) => labelSelector.matchLabels),
    ];
    expect(selectors.length).toBe(5);
    for (const selector of selectors) expect(selects(selector, labels)).toBe(true);
    expect(preferred.podAffinityTerm.topologyKey).toBe('kubernetes.io/hostname');
    expect(topologySpreadConstraints[0].topologyKey).toBe('topology.kubernetes.io/zone');
  });

  test('the Service leads to ports that the container has', () => {
    const ports = (list: Manifest[], key: string) => list.map((port) => `${port.name} ${port[key]} ${port.protocol}`);
    expect(ports(service.spec.ports, 'port')).toEqual(['dns 53 UDP', 'dns-tcp 53 TCP', 'metrics 9153 TCP']);
    expect(ports(container.ports, 'containerPort')).toEqual(expect.arrayContaining(ports(service.spec.ports, 'port')));
  });

  test('the role allows what the plugin asks for, to the account that the Pods have', () => {
    const everything = {
      labels: undefined,
      namespaceLabels: undefined,
      endpoints: true,
      pods: true,
      multicluster: true,
      zones: true,
      nodes: true,
      podNames: true,
    };
    const asked = resourcesFor(everything).flatMap(({ path, plural }) => {
      const [, group = ''] = /^\/apis\/([^/]+)/.exec(path) ?? [];
      return [`list ${plural}.${group}`, `watch ${plural}.${group}`];
    });
    expect(allowed(only(addon, 'ClusterRole').rules)).toEqual([...new Set(asked)].sort());
    const { roleRef, subjects } = only(addon, 'ClusterRoleBinding');
    expect(roleRef).toMatchObject({ kind: 'ClusterRole', name: only(addon, 'ClusterRole').metadata.name });
    expect(subjects).toEqual([{ kind: 'ServiceAccount', name: pod.spec.serviceAccountName, namespace: 'kube-system' }]);
    expect(only(addon, 'ServiceAccount').metadata.name).toBe(pod.spec.serviceAccountName);
  });

  test('the autoscaler changes the Deployment, and its account may', () => {
    const autoscaler = manifests('kubernetes/autoscaler.yaml');
    const [scaler] = only(autoscaler, 'Deployment').spec.template.spec.containers;
    expect(scaler.command).toContain(`--target=Deployment/${deployment.metadata.name}`);
    expect(allowed(only(autoscaler, 'ClusterRole').rules)).toEqual(
      expect.arrayContaining(['get deployments/scale.apps', 'update deployments/scale.apps']),
    );
    expect(only(autoscaler, 'ClusterRoleBinding').subjects[0].name).toBe(only(autoscaler, 'Deployment').spec.template.spec.serviceAccountName);
    const { linear } = JSON.parse(scaler.command.find((word: string) => word.startsWith('--default-params=')).replace('--default-params=', ''));
    expect(linear).toMatchObject({ preventSinglePointFailure: true });
  });
});

describe('the Pod', () => {
  test('has 170Mi, no rights but port 53, and asks the name servers of its node', () => {
    expect(container.resources.limits).toEqual({ memory: '170Mi' });
    expect(container.securityContext).toEqual({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
    });
    expect(pod.spec.dnsPolicy).toBe('Default');
    expect(pod.spec.priorityClassName).toBe('system-cluster-critical');
  });

  test('is started with the file that is mounted', () => {
    const [mount] = container.volumeMounts;
    expect(container.args).toEqual(['-conf', `${mount.mountPath}/${pod.spec.volumes[0].configMap.items[0].path}`]);
  });
});

describe('the Corefile', () => {
  test('is that of kubeadm, and loads', async () => {
    const spaces = (text: string) => text.replace(/[ \t]+/g, ' ').trim();
    expect(spaces(corefile)).toBe(spaces(corefiles.get('kubeadm-1.28') ?? ''));
    expect(await problemsOf(without(corefile, absentIn(corefile)))).toEqual([]);
  });

  test('serves what the probes and the scraper ask for', async () => {
    // Neither has an address, so that these ports are theirs.
    const ports = { health: 8080, ready: 8181 };
    for (const name of Object.keys(ports)) expect(corefile).toMatch(new RegExp(`^ {4}${name}( \\{)?$`, 'm'));
    expect(probed(container, 'livenessProbe')).toBe(`/health at ${ports.health}`);
    expect(probed(container, 'readinessProbe')).toBe(`/ready at ${ports.ready}`);
    expect(service.metadata.annotations['prometheus.io/port']).toBe(/prometheus :(\d+)/.exec(corefile)?.[1]);
    await using server = await serve('.:0 {\nhealth 127.0.0.1:0\nready 127.0.0.1:0\nwhoami\n}\n');
    for (const probe of ['livenessProbe', 'readinessProbe']) {
      const url = `http://127.0.0.1:${server.server.httpPort('127.0.0.1:0')}${container[probe].httpGet.path}`;
      expect((await fetch(url)).status).toBe(200);
    }
  });
});
