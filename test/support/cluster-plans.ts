// Plans in ConfigMaps of an API server that is played, and servers that read them.
import { serve, type TestServer } from 'ferrydns/testing';
import { expect, onTestFinished } from 'vitest';
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

export async function played(...objects: readonly KubernetesObject[]): Promise<PlayedApi> {
  const api = await PlayedApi.start([...cluster, ...objects]);
  onTestFinished(() => api[Symbol.asyncDispose]());
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
  onTestFinished(() => running.stop());
  return new PlanServer(running);
}

export const events = (api: PlayedApi) =>
  api.objectsAt('/api/v1/events').map((each) => {
    const { reason, message, involvedObject } = each as unknown as { reason: string; message: string; involvedObject: { name: string } };
    return `${involvedObject.name} ${reason}: ${message}`;
  });
export const told = (api: PlayedApi, expected: string) => expect.poll(() => events(api).join('\n'), soon).toContain(expected);
export const answers = async ({ running }: { readonly running: TestServer }, of = name) => {
  const answer = await running.ask(of);
  return addressesOf(answer).join(' ') || answer.rcode;
};
export const answered = (of: PlanServer, expected: string, asked = name) => expect.poll(() => answers(of, asked), soon).toBe(expected);
export const said = (of: PlanServer, expected: string) => expect.poll(() => of.running.lines.join('\n'), soon).toContain(expected);
export const phase = async (of: PlanServer) => (await of.status(plan).catch(() => undefined))?.phase;
export const reaches = (of: PlanServer, expected: string) => expect.poll(() => phase(of), soon).toBe(expected);
export const ordered = (of: PlanServer, verb: string) => expect.poll(() => of.order(plan, verb), soon).toBeUndefined();
