// Servers that share a plan in a ConfigMap of a real Kubernetes API server.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accessInCluster } from 'ferrydns/built-in/kubernetes';
import { readPlanFile } from 'ferrydns/built-in/moves';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Runner } from '../../plugins/migrate/runner/runner.ts';
import { ConfigMapStore } from '../../plugins/migrate/store/configmap.ts';
import { makeLogger } from '../../src/log/logger.ts';
import { type AccountFolder, KubernetesApi } from '../support/kubernetes.ts';
import { ServerProcess } from '../support/server-process.ts';
import { name, sharedPlan, told } from '../support/shared-plan.ts';

/** Milliseconds: a part of the fault that is played. A silence that lasts longer than the session of the plan. */
const beyondSession = 2500;

const role = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes/migrate-rbac.yaml'), 'utf8');
let api: KubernetesApi;

beforeAll(async () => {
  api = await KubernetesApi.start('dns');
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'ferrydns', namespace: 'dns' } });
});
afterAll(() => api[Symbol.asyncDispose]());

interface Options {
  readonly config?: string;
  readonly place?: string;
  readonly lines?: readonly string[];
}

function server(replica: string, { config = api.kubeconfig(), place = 'dns/ferrydns', lines = [] }: Options): Promise<ServerProcess> {
  const more = [`replica ${replica}`, `kubeconfig ${config}`, ...lines];
  return ServerProcess.start({ corefile: sharedPlan({ mode: 'exclusive', store: `configmap ${place}`, lines: more }) });
}

const members =
  (count: number) =>
  ({ replicas }: { readonly replicas: readonly unknown[] }) =>
    replicas.length === count;

test('three servers move together, and wait while the API server is away', async () => {
  const servers = await Promise.all(['one', 'two', 'three'].map((replica) => server(replica, { place: 'dns/three' })));
  try {
    const [one] = servers;
    for (const each of servers) await each.until(name, members(3));
    expect(await one?.order(name, { verb: 'start' })).toBeUndefined();
    for (const each of servers) await each.until(name, ({ replicas }) => replicas.every(({ phase }) => phase === 'lowering'));
    await api.kill();
    for (const each of servers) await each.until(name, ({ answers }) => answers.kind === 'silent');
    expect(await Promise.all(servers.map(told))).toEqual(['SERVFAIL 14', 'SERVFAIL 14', 'SERVFAIL 14']);
    await api.start();
    for (const each of servers) await each.until(name, ({ answers }) => answers.answer === 'from');
    await one?.advance(name);
    for (const each of servers) await each.until(name, ({ phase, answers }) => phase === 'done' && answers.answer === 'to');
    expect(await Promise.all(servers.map(told))).toEqual(['B', 'B', 'B']);
  } finally {
    for (const each of servers) await each[Symbol.asyncDispose]();
  }
});

test('two plans in one ConfigMap do not disturb each other, nor what else is in it', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared', namespace: 'dns' }, data: { other: 'stays' } };
  await api.create(object);
  await using one = await server('one', { place: 'dns/shared' });
  await using two = await server('one', { place: 'dns/shared', lines: ['plan second'] });
  const start = async (of: typeof one, plan: string) => {
    await of.until(plan, ({ store }) => store.heard);
    expect(await of.order(plan, { verb: 'start' })).toBeUndefined();
  };
  await Promise.all([start(one, name), start(two, 'second')]);
  await one.until(name, ({ phase }) => phase === 'lowering');
  await two.until('second', ({ phase }) => phase === 'lowering');
  expect(await one.order(name, { verb: 'rollback' })).toBeUndefined();
  expect(await two.status('second')).toMatchObject({ phase: 'lowering', epoch: 1 });
  const { data } = await api.call<{ data: Record<string, string> }>('GET', '/api/v1/namespaces/dns/configmaps/shared');
  expect(Object.keys(data).sort()).toEqual(['other', 'second', name].sort());
  expect(data['other']).toBe('stays');
});

test('the role of deploy/kubernetes lets a service account share a plan, and without it the log and the status say why not', async () => {
  const config = api.kubeconfig({ token: await api.tokenOf('dns', 'ferrydns'), namespace: 'dns' });
  await using one = await server('one', { config, place: 'ferrydns' });
  await one.says(/ConfigMap dns\/ferrydns key www\.example\.org cannot be heard: .*status 403: .*cannot get resource "configmaps"/);
  expect(await told(one)).toBe('SERVFAIL 14');
  expect((await one.status(name)).store.heard).toBe(false);
  await api.apply(role);
  await one.until(name, ({ answers }) => answers.answer === 'from');
  expect(await one.order(name, { verb: 'start' })).toBeUndefined();
  await using elsewhere = await server('one', { config, place: 'default/ferrydns' });
  await elsewhere.says(/status 403/);
});

/** A replica inside of the cluster, without a server around it. */
class PodReplica {
  readonly runner: Runner;
  readonly store: ConfigMapStore;
  private readonly lines: string[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(replica: string, { folder, environment }: AccountFolder) {
    const access = accessInCluster({ environment, folder });
    this.store = new ConfigMapStore({ access, namespace: access.namespace, name: 'ferrydns', plan: 'pods', pods: true, patience: 1000 });
    this.runner = new Runner({
      move: readPlanFile(planFile, 'pods.yaml').move,
      file: join(api.folder, `${replica}.journal`),
      replica,
      connect: () => this.store,
      log: makeLogger((line) => this.lines.push(line), { debug: false, form: 'text' }),
      now: () => performance.now(),
      starting: true,
    });
    this.timer = setInterval(() => this.runner.tick(), 100);
  }

  get members(): readonly string[] {
    return Object.keys(this.runner.agreed?.members ?? {}).sort();
  }

  async until(holds: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 30_000; !holds(); await delay(50)) {
      if (Date.now() > deadline) throw new Error(`not so within 30 s: ${this.members}\n${this.lines.join('\n')}`);
    }
  }

  /** It says and hears nothing any more, and takes no leave. */
  die(): void {
    clearInterval(this.timer);
    this.store.close();
  }
}

const planFile = `
plan: pods
names: { www.example.org: { from: 192.0.2.1, to: 198.51.100.1 } }
mode: exclusive
ttl: 1
session: 2s
skew: 300ms
store: [configmap, ferrydns]
`;

test('inside of a cluster a replica whose Pod no longer exists is forgotten, and no other; a token that was renewed is read', async () => {
  await api.apply(role);
  const account = api.accountFolder('dns', await api.tokenOf('dns', 'ferrydns'));
  for (const pod of ['pod-1', 'pod-2']) {
    const spec = { containers: [{ name: 'ferrydns', image: 'ferrydns' }], automountServiceAccountToken: false };
    await api.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace: 'dns' }, spec });
  }
  // The third has the name of its machine: that no Pod is called so says nothing.
  const replicas = ['pod-1', 'pod-2', 'a-machine'].map((replica) => new PodReplica(replica, account));
  const [one, ...others] = replicas as [PodReplica, PodReplica, PodReplica];
  try {
    for (const { runner } of replicas) await runner.open();
    await one.until(() => one.members.length === 3);
    for (const each of others) each.die();
    await delay(beyondSession);
    expect(one.members).toEqual(['a-machine', 'pod-1', 'pod-2']);
    await api.call('DELETE', '/api/v1/namespaces/dns/pods/pod-2?gracePeriodSeconds=0');
    await one.until(() => one.members.length < 3);
    expect(one.members).toEqual(['a-machine', 'pod-1']);
    expect(one.runner.lastChange).toMatchObject({ why: 'replica pod-2 forgotten', by: 'pod-1, as its Pod no longer exists' });
    const token = join(account.folder, 'token');
    writeFileSync(token, 'no longer valid');
    await expect(one.store.read()).rejects.toThrow('status 401');
    writeFileSync(token, `${await api.tokenOf('dns', 'ferrydns')}\n`);
    expect((await one.store.read()).kept).not.toBeNull();
  } finally {
    one.die();
    await one.runner.close();
  }
});
