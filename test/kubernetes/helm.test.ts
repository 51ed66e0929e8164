// What the chart of deploy/helm renders, taken by a real API server that refuses every field it does not know. Each file of values has a namespace of its own.
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../services/needs.ts';
import { namespace } from '../support/cluster-objects.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { type Manifest, objectsIn, only } from '../support/manifests.ts';

const helm = findProgram('helm');
const chart = join(import.meta.dirname, '../../deploy/helm/ferrydns');
const values = globSync(join(import.meta.dirname, '../deploy/values/*.yaml')).sort();
let api: KubernetesApi;

function render(space: string, ...words: readonly string[]): Manifest[] {
  return objectsIn(execFileSync(helm ?? '', ['template', 'dns', chart, '--namespace', space, ...words], { encoding: 'utf8' }), chart);
}

/** Whether the account may do this, by the rules that are in force. */
async function mayDo(user: string, verb: string, resource: string, space: string): Promise<boolean> {
  const spec = { user, resourceAttributes: { verb, resource, namespace: space } };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec };
  const { status } = await api.call<Manifest>('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
  return status.allowed;
}

describe.skipIf(helm === undefined)('what Helm renders is taken (needs helm: go install helm.sh/helm/v3/cmd/helm@v3.19.2)', () => {
  beforeAll(async () => {
    api = await KubernetesApi.start();
    for (const each of ['shop', 'store']) await api.create(namespace(each));
  });
  afterAll(() => api?.[Symbol.asyncDispose]());

  test.each([undefined, ...values].map((file) => [file === undefined ? 'none' : basename(file, '.yaml'), file] as const))(
    'with the values %s',
    async (name, file) => {
      const space = `values-${name}`;
      await api.create(namespace(space));
      const words = file === undefined ? [] : ['--values', file];
      for (const object of render(space, ...words)) {
        // Its definition is the operator's.
        if (object.kind === 'ServiceMonitor') continue;
        // An address of the cluster that the values are for.
        const { clusterIP: _, clusterIPs: __, ...spec } = object.spec ?? {};
        await api.applyOver(object.kind === 'Service' ? { ...object, spec } : object);
      }
      const pods = await api.call<Manifest>('GET', `/apis/apps/v1/namespaces/${space}/deployments`);
      expect(pods.items.length).toBeGreaterThan(0);
    },
  );

  test('with migrations.namespaces the account of the Pods may read the plans of these, and of no other', async () => {
    await api.create(namespace('moving'));
    const objects = render('moving', '--set', 'serviceAccount.create=true', '--set', 'migrations.namespaces={shop,store}');
    for (const object of objects) await api.applyOver(object);
    const user = `system:serviceaccount:moving:${only(objects, 'ServiceAccount').metadata.name}`;
    for (const space of ['shop', 'store', 'default']) {
      const rights = [
        await mayDo(user, 'list', 'configmaps', space),
        await mayDo(user, 'patch', 'configmaps', space),
        await mayDo(user, 'create', 'events', space),
        await mayDo(user, 'update', 'configmaps', space),
      ];
      expect(rights).toEqual(space === 'default' ? [false, false, false, false] : [true, true, true, false]);
    }
    expect(await mayDo(user, 'create', 'configmaps', 'moving')).toBe(true);
    expect(await mayDo(user, 'list', 'services', 'default')).toBe(true);
  });
});
