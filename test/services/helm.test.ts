// The chart of deploy/helm: the same values render it and the CoreDNS chart, whose folder COREDNS_CHART names.
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { absentIn, problemsOf, without } from '../support/corefiles.ts';
import { allowed, type Manifest, manifests, objectsIn, only, selects } from '../support/manifests.ts';
import { needs } from './needs.ts';

const chart = join(import.meta.dirname, '../../deploy/helm/ferrydns');
const reference = process.env['COREDNS_CHART'];
const valuesFolder = join(import.meta.dirname, '../deploy/values');
/** Each file of values, and none. */
const allValues = [undefined, ...globSync('*.yaml', { cwd: valuesFolder }).sort()].map((file) => ({
  name: file === undefined ? 'no values' : basename(file, '.yaml'),
  words: file === undefined ? [] : ['--values', join(valuesFolder, file)],
}));

function helm(...words: readonly string[]): string {
  const program = needs('helm', 'go install helm.sh/helm/v3/cmd/helm@v3.19.2, and name its folder in FERRYDNS_PROGRAMS');
  return execFileSync(program, words, { encoding: 'utf8', stdio: 'pipe' });
}

const render = (folder: string, values: readonly string[]): Manifest[] =>
  objectsIn(helm('template', 'dns', folder, '--namespace', 'kube-system', ...values), folder);

test('helm finds nothing wrong with it', () => {
  expect(helm('lint', chart)).toContain('0 chart(s) failed');
});

describe.each(allValues)('with $name', ({ words }) => {
  const objects = render(chart, words);

  test('the Corefile loads, or is refused for nothing but plugins that are not there', async () => {
    for (const { data } of objects.filter(({ kind, data }) => kind === 'ConfigMap' && data.Corefile !== undefined)) {
      // The cluster puts files there.
      const corefile = data.Corefile.replace(/^import \/opt.*$/m, '');
      expect(await problemsOf(without(corefile, absentIn(corefile)))).toEqual([]);
    }
  });

  test('what selects Pods finds them', () => {
    for (const { spec } of objects.filter(({ kind }) => kind === 'Deployment')) {
      expect(selects(spec.selector.matchLabels, spec.template.metadata.labels)).toBe(true);
    }
  });

  // Set it to a copy of charts/coredns of https://github.com/coredns/helm.
  test.skipIf(reference === undefined)('is what the CoreDNS chart renders, but for what is told (needs COREDNS_CHART)', () => {
    const theirs = render(reference ?? '', words);
    expect(named(objects)).toEqual(named(theirs).map(([name, object]) => [name, expected(object, objects)]));
  });
});

describe('with migrations.namespaces, which are not of the CoreDNS chart', () => {
  const values = ['--set', 'serviceAccount.create=true', '--set', 'migrations.namespaces={shop,store}'];
  const objects = render(chart, values);
  const reviewed = manifests('kubernetes/migrate-plans-rbac.yaml');

  test('the roles are those of deploy/kubernetes, given to the account of the Pods in each of the namespaces', () => {
    const [account] = objects.filter(({ kind }) => kind === 'ServiceAccount');
    const subjects = [{ kind: 'ServiceAccount', name: account.metadata.name, namespace: 'kube-system' }];
    const bindings = objects.filter(({ kind }) => kind === 'RoleBinding');
    expect(bindings.map(({ metadata }) => metadata.namespace).sort()).toEqual(['kube-system', 'shop', 'store']);
    for (const { metadata, roleRef, subjects: own } of bindings) {
      expect(own).toEqual(subjects);
      const bound = only(objects, roleRef.kind, roleRef.name);
      expect(bound.rules).toEqual(only(reviewed, metadata.namespace === 'kube-system' ? 'Role' : 'ClusterRole').rules);
    }
  });

  test('the journals have a volume', () => {
    const { volumes, containers } = only(objects, 'Deployment').spec.template.spec;
    expect(volumes.map(({ name }: Manifest) => name)).toContain('ferrydns-migrations');
    expect(containers[0].volumeMounts).toContainEqual({ name: 'ferrydns-migrations', mountPath: '/ferrydns-migrations' });
  });

  test('and without migrations.status the servers may write into no ConfigMap of a team', () => {
    const plans = only(render(chart, [...values, '--set', 'migrations.status=false']), 'ClusterRole', 'dns-coredns-plans');
    expect(allowed(plans.rules)).toEqual(['create events.', 'list configmaps.']);
  });
});

test('is refused where a Pod would have nobody to ask', () => {
  expect(() => helm('template', 'dns', chart, '--set', 'deployment.dnsPolicy=None')).toThrow('deployment.dnsPolicy None needs deployment.dnsConfig');
});

/** By kind and name, with what is written in another way but means the same made equal. */
function named(objects: readonly Manifest[]): [string, Manifest][] {
  const alike = objects.map((object): [string, Manifest] => {
    const text = JSON.stringify(object, (key, value) => {
      if (/^checksum\//.test(key)) return 'of the content';
      if (key === 'linear') return JSON.parse(value);
      return key === 'Corefile' ? value.trim().split(/\s+/).join(' ') : value;
    });
    return [`${object.kind} ${object.metadata.name}`, JSON.parse(text)];
  });
  return alike.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** An object of the CoreDNS chart with the differences that deploy/helm/ferrydns/README.md tells. */
function expected(object: Manifest, ours: readonly Manifest[]): Manifest {
  const own = only(ours, object.kind, object.metadata.name);
  object.metadata.labels['helm.sh/chart'] = 'ferrydns-0.1.0';
  for (const rule of object.kind === 'ClusterRole' ? object.rules : []) {
    rule.resources = rule.resources.filter((resource: string) => !['endpoints', 'serviceexports'].includes(resource));
    if (rule.resources.includes('namespaces')) rule.resources = ['namespaces', 'services', 'pods'];
  }
  const container = object.spec?.template?.spec.containers?.find(({ name }: Manifest) => name === 'coredns');
  if (object.kind === 'Deployment' && container !== undefined) {
    const [mine] = own.spec.template.spec.containers;
    if (container.image.startsWith('coredns/')) {
      container.image = 'registry.example.org/ferrydns:0.1.0';
      object.metadata.labels['app.kubernetes.io/version'] = '0.1.0';
    }
    expect(mine.resources).toEqual({ limits: { cpu: '100m', memory: '170Mi' }, requests: { cpu: '100m', memory: '100Mi' } });
    container.resources = mine.resources;
  }
  return object;
}
