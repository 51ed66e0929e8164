// A service moves from one namespace to another by a plan in a ConfigMap: a real API server, two servers that share it, and the roles of deploy/kubernetes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap, headless, namespace, service, slice } from '../support/cluster-objects.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { addressesOf, PlanServer } from '../support/migration.ts';
import { soon } from '../support/soon.ts';

const name = 'db.shop.svc.cluster.local';
const roles = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes/migrate-plans-rbac.yaml'), 'utf8');
let api: KubernetesApi;
let token: string;

const text = (more = '') =>
  `plan: db\nnames: [${name}]\nfrom: service/shop/db\nto: service/store/db\nttl: 1\ntransition_ttl: 1\nsession: 3s\nmode: exclusive\nadvance: auto\n${more}`;
const moves = (data: Readonly<Record<string, string>>) => configMap('shop/moves', data);

beforeAll(async () => {
  api = await KubernetesApi.start();
  for (const each of ['shop', 'store']) await api.create(namespace(each));
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'coredns', namespace: 'kube-system' } });
  const objects = [
    service('shop/db', ['10.0.0.70']),
    slice('shop/db-1', 'db', ['172.16.0.1']),
    headless('store/db'),
    slice('store/db-1', 'db', ['172.17.0.1']),
  ];
  for (const each of objects) await api.put(each);
  token = await api.tokenOf('kube-system', 'coredns');
});
afterAll(() => api[Symbol.asyncDispose]());

/** The plans are read by the account of the servers, services by the admin: the role for those is a matter of other tests. */
async function server(replica: string): Promise<PlanServer> {
  const corefile = `.:0 {
  migrate configmap shop/moves {
    grant shop shop.svc.cluster.local
    kubeconfig ${api.kubeconfig({ token, namespace: 'kube-system' })}
    replica ${replica}
    admin 127.0.0.1:0
  }
  kubernetes cluster.local {
    kubeconfig ${api.kubeconfig()}
  }
}`;
  return new PlanServer(await serve(corefile));
}

const answers = async ({ running }: { readonly running: TestServer }) => {
  const answer = await running.ask(name);
  return addressesOf(answer).join(' ') || answer.rcode;
};
const answered = (of: PlanServer, expected: string) => expect.poll(() => answers(of), soon).toBe(expected);
const said = (of: PlanServer, expected: string) => expect.poll(() => of.running.lines.join('\n'), soon).toContain(expected);
const phase = async (of: PlanServer) => (await of.status('shop.db').catch(() => undefined))?.phase;
const reaches = (of: PlanServer, expected: string) => expect.poll(() => phase(of), soon).toBe(expected);

interface Event {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly name: string };
}

async function events(): Promise<readonly string[]> {
  const { items } = await api.call<{ readonly items: readonly Event[] }>('GET', '/api/v1/namespaces/shop/events');
  return items.filter(({ involvedObject }) => involvedObject.name === 'moves').map(({ reason, message }) => `${reason}: ${message}`);
}
const told = (expected: string) => expect.poll(async () => (await events()).join('\n'), soon).toContain(expected);

test('without the roles the log says what is missing; with them the plan comes, moves the service, and events tell of it', async () => {
  const both = await Promise.all([server('one'), server('two')]);
  const [one] = both;
  try {
    await said(one, 'no permission to list configmaps in namespace shop');
    await answered(one, '10.0.0.70');
    await api.apply(roles);
    await api.put(moves({ 'db.yaml': text(), 'other.yaml': text().replace('plan: db', 'plan: other').replace(name, 'db.store.svc.cluster.local') }));
    await told('PlanRefused: refused: db.store.svc.cluster.local. is in no zone that is granted to namespace shop');
    await told('PlanTaken: plan shop.db is in force');
    for (const each of both) await reaches(each, 'original');
    await expect.poll(() => one.order('shop.db', 'start'), soon).toBeUndefined();
    await reaches(one, 'lowering');
    await api.kill();
    await said(one, 'plans of namespace shop stay as they are');
    await api.start();
    for (const each of both) await reaches(each, 'done');
    for (const each of both) await answered(each, '172.17.0.1');
    await told('MoveDone: plan shop.db: epoch 1, done');
    expect((await events()).filter((each) => each.startsWith('MoveDone'))).toHaveLength(1);
    await told('MoveBegun: plan shop.db: epoch 1, lowering');
  } finally {
    for (const each of both) await each.running.stop();
  }
});
