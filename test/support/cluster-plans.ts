// Plans in ConfigMaps of an API server that is played, and servers that read them.
import { serve, type TestServer } from 'ferrydns/testing';
import type { TestContext } from 'vitest';
import { configMap, headless, namespace, service, slice } from './cluster-objects.ts';
import type { KubernetesObject } from './kubernetes.ts';
import { addressesOf, PlanServer } from './migration.ts';
import { PlayedApi } from './played-api.ts';
import { soon } from './soon.ts';

export const name = 'db.shop.example.org';
export const plan = 'shop.db';

export const planText = (lines: readonly string[] = [], from = 'service/shop/db', to = 'service/store/db') =>
  [
    'plan: db',
    `names: [${name}]`,
    `from: ${from}`,
    `to: ${to}`,
    'ttl: 1',
    'transition_ttl: 1',
    'slack: 0s',
    'session: 1s',
    'skew: 100ms',
    'pace: 1500ms',
    ...lines,
  ].join('\n');

export const moves = (data: Readonly<Record<string, string>>, labels = {}) => configMap('shop/moves', data, labels);
export const cluster = [
  namespace('shop'),
  namespace('store'),
  service('shop/db', ['10.0.0.1']),
  slice('shop/db-1', 'db', ['172.16.0.1']),
  headless('store/db'),
  slice('store/db-1', 'db', ['172.17.0.1']),
];

interface Words {
  readonly which?: string;
  readonly grants?: readonly string[];
  readonly before?: string;
  readonly more?: string;
  readonly replica?: string;
  readonly port?: number;
  readonly kubernetes?: string;
  readonly files?: Readonly<Record<string, string>>;
}

export const kubeconfig = (api: PlayedApi) =>
  `current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a, namespace: dns}}]\nclusters: [{name: a, cluster: {server: "${api.url}"}}]\nusers: [{name: a, user: {token: secret}}]\n`;

/** The test that each of them is for: several tests run at the same time. */
const tests = new WeakMap<PlayedApi | PlanServer, TestContext>();

function testOf(one: PlayedApi | PlanServer): TestContext {
  const test = tests.get(one);
  if (test === undefined) throw new Error('for no test');
  return test;
}

/** Waits for what one of them comes to. */
export const poll = <T>(one: PlayedApi | PlanServer, read: () => T | Promise<T>) => testOf(one).expect.poll(read, soon);

export async function played(test: TestContext, ...objects: readonly KubernetesObject[]): Promise<PlayedApi> {
  const api = await PlayedApi.start([...cluster, ...objects]);
  test.onTestFinished(() => api[Symbol.asyncDispose]());
  tests.set(api, test);
  return api;
}

export async function server(api: PlayedApi, words: Words = {}): Promise<PlanServer> {
  const {
    which = 'shop/moves',
    grants = ['shop shop.example.org'],
    before = '',
    more = '',
    replica = 'one',
    files = {},
    port = 0,
    kubernetes = '',
  } = words;
  const corefile = `.:${port} {
  ${before}
  migrate configmap ${which} {
    ${grants.map((each) => `grant ${each}`).join('\n    ')}
    kubeconfig {{DIR}}/config
    replica ${replica}
    admin 127.0.0.1:0
  }
  ${more}
  kubernetes cluster.local {
    endpoint ${api.url}
    ${kubernetes}
  }
  whoami
}`;
  const running = await serve(corefile, { files: { config: kubeconfig(api), ...files } });
  const test = testOf(api);
  test.onTestFinished(() => running.stop());
  const made = new PlanServer(running);
  tests.set(made, test);
  return made;
}

export const events = (api: PlayedApi) =>
  api.objectsAt('/api/v1/events').map((each) => {
    const { reason, message, involvedObject } = each as unknown as { reason: string; message: string; involvedObject: { name: string } };
    return `${involvedObject.name} ${reason}: ${message}`;
  });
export const told = (api: PlayedApi, expected: string) => poll(api, () => events(api).join('\n')).toContain(expected);
export const answers = async ({ running }: { readonly running: TestServer }, of = name) => {
  const answer = await running.ask(of);
  return addressesOf(answer).join(' ') || answer.rcode;
};
export const answered = (of: PlanServer, expected: string, asked = name) => poll(of, () => answers(of, asked)).toBe(expected);
export const said = (of: PlanServer, expected: string) => poll(of, () => of.running.lines.join('\n')).toContain(expected);
export const phase = async (of: PlanServer) => (await of.status(plan).catch(() => undefined))?.phase;
export const reaches = (of: PlanServer, expected: string) => poll(of, () => phase(of)).toBe(expected);
export const ordered = (of: PlanServer, verb: string) => poll(of, () => of.order(plan, verb)).toBeUndefined();
