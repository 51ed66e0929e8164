// A team moves its service with kubectl alone, as docs/kubernetes.md says: a real API server, two servers with the roles of deploy/kubernetes, and an account with
// the rights of one namespace.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { findProgram } from '../services/needs.ts';
import { headless, namespace, service, slice } from '../support/cluster-objects.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { addressesOf, PlanServer } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

const root = join(import.meta.dirname, '../..');
const name = 'db.shop.svc.cluster.local';
const rbac = 'rbac.authorization.k8s.io';

/** The fences of a section of the guide: kind and text. */
function fencesOf(heading: string): readonly (readonly [kind: string, text: string])[] {
  const text = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const [section = ''] = text.slice(text.indexOf(`\n## ${heading}\n`) + 1).split(/\n(?=## )/);
  return [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', fence = '']) => [kind, fence]);
}

/** What kubectl tells of the status of the plan, whenever that was. */
function statusIn(text: string): string | undefined {
  return /^.*(status\.ferrydns\/db\.yaml: .*)$/m.exec(text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'))?.[1];
}

async function cluster(): Promise<KubernetesApi> {
  const api = await KubernetesApi.start();
  for (const each of ['shop', 'store']) await api.create(namespace(each));
  for (const each of ['kube-system/coredns', 'shop/team']) {
    const [space = '', called = ''] = each.split('/');
    await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: called, namespace: space } });
  }
  await api.apply(readFileSync(join(root, 'deploy/kubernetes/migrate-plans-rbac.yaml'), 'utf8'));
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update', 'patch'] },
    { apiGroups: [''], resources: ['events'], verbs: ['list'] },
  ];
  const team = { name: 'team', namespace: 'shop' };
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: team, rules });
  const roleRef = { apiGroup: rbac, kind: 'Role', name: 'team' };
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: team, roleRef, subjects: [{ kind: 'ServiceAccount', ...team }] });
  for (const each of [service('shop/db', ['10.0.0.70']), headless('store/db'), slice('store/db-1', 'db', ['172.17.0.1'])]) await api.put(each);
  return api;
}

/** The plans are read by the account of the servers, services by the admin: the role for those is a matter of other tests. */
async function server(api: KubernetesApi, replica: string): Promise<PlanServer> {
  const token = await api.tokenOf('kube-system', 'coredns');
  const [[, directive = ''] = []] = fencesOf('Moves inside the cluster');
  const corefile = `.:0 {
  ${directive.replace(/\}\s*$/, '')}
    kubeconfig ${api.kubeconfig({ token, namespace: 'kube-system' })}
    replica ${replica}
    admin off
  }
  kubernetes cluster.local {
    kubeconfig ${api.kubeconfig()}
  }
}`;
  return new PlanServer(await serve(corefile));
}

test.skipIf(findProgram('kubectl') === undefined)(
  'every step of the guide does what it says (needs kubectl, Debian: apt install kubernetes-client)',
  async () => {
    await using api = await cluster();
    const env = { ...process.env, KUBECONFIG: api.kubeconfig({ token: await api.tokenOf('shop', 'team') }) };
    const run = (script: string) => execFileSync('sh', ['-ec', script], { cwd: api.folder, env, encoding: 'utf8' });
    const both = await Promise.all(['one', 'two'].map((replica) => server(api, replica)));
    let told = 0;
    try {
      for (const [kind, fence] of fencesOf('Moves inside the cluster')) {
        if (kind === 'yaml') writeFileSync(join(api.folder, 'moves.yaml'), fence);
        if (kind === 'sh') run(fence);
        if (kind !== 'text') continue;
        await expect.poll(() => statusIn(run('kubectl --namespace shop describe configmap moves')), soon).toBe(statusIn(fence));
        told += 1;
      }
      expect(told).toBe(5);
      for (const { running } of both) await expect.poll(async () => addressesOf(await running.ask(name)), soon).toEqual(['10.0.0.70']);
      // Events are told behind the status, which may be read before them.
      const events = (about: string) => () =>
        run('kubectl --namespace shop get events')
          .split('\n')
          .filter((line) => line.includes(about));
      for (const expected of ["plan shop.db: 'start 1'", "plan shop.db: 'rollback 1'", 'plan shop.db: epoch 1, transition, step 2']) {
        await expect.poll(events(expected), soon).toHaveLength(1);
      }
      // A file that is applied again is no order, and takes away none.
      run('kubectl apply --filename moves.yaml');
      expect(run('kubectl --namespace shop describe configmap moves')).toContain("order 'rollback 1' carried out");
    } finally {
      for (const { running } of both) await running.stop();
    }
  },
);
