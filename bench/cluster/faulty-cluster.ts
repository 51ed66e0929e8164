// A real API server that things happen to, and DNS servers beside it: how long each takes until it answers with a change that was made meanwhile.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProxy, type Refused } from '../../test/support/api-proxy.ts';
import { headless, namespace, service, slice } from '../../test/support/cluster-objects.ts';
import { serviceImports } from '../../test/support/example-cluster.ts';
import { adminToken, KubernetesApi } from '../../test/support/kubernetes.ts';
import { TcpProxy } from '../../test/support/tcp-proxy.ts';
import type { Children } from '../children.ts';
import { type ClusterServer, type ServerKind, startServer } from './servers.ts';

/** Services that are there all the time, and are asked for. */
const steady = 100;
/** Milliseconds between two looks whether a change is known. */
const lookEvery = 5;
/** Milliseconds after which nobody waits any longer. */
const longest = 150_000;
const account = { name: 'dns', namespace: 'kube-system' };
const rbac = 'rbac.authorization.k8s.io';

/** How the servers reach the API server: by TLS through TCP, with the token of a service account; or by HTTP, where requests can be refused. */
export type Way = 'connections' | 'requests';

/** One server, and its own way to the API server. */
interface Member {
  readonly server: ClusterServer;
  readonly proxy: TcpProxy | ApiProxy;
}

/** Milliseconds from a change until each server answered with it; infinite where one never did. */
export type Delays = ReadonlyMap<string, number>;

export class FaultyCluster implements AsyncDisposable {
  readonly api: KubernetesApi;
  private readonly children: Children;
  private members: readonly Member[] = [];
  private changes = 0;

  private constructor(api: KubernetesApi, children: Children) {
    this.api = api;
    this.children = children;
  }

  static async start(children: Children): Promise<FaultyCluster> {
    const api = await KubernetesApi.start();
    const cluster = new FaultyCluster(api, children);
    try {
      await cluster.fill();
      return cluster;
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The names that are answered whatever happens. */
  get names(): readonly string[] {
    return Array.from({ length: steady }, (_, i) => `steady${i}.faults.svc.cluster.local`);
  }

  get servers(): readonly ClusterServer[] {
    return this.members.map(({ server }) => server);
  }

  /** Starts these servers, and ends those before. */
  async serve(kinds: readonly ServerKind[], way: Way, block: readonly string[] = []): Promise<void> {
    await this.end();
    await this.renewToken();
    const members: Member[] = [];
    for (const kind of kinds) {
      const proxy = way === 'connections' ? await TcpProxy.open(this.api.port) : await ApiProxy.open({ port: this.api.port, token: adminToken });
      const reach = proxy instanceof ApiProxy ? `endpoint ${proxy.url}` : `kubeconfig ${this.kubeconfig(proxy.port)}`;
      const server = await startServer(this.children, kind, { block: [reach, 'ttl 0', ...block] });
      members.push({ server, proxy });
      this.members = members;
    }
  }

  /** Ends the servers. */
  async end(): Promise<void> {
    for (const { server, proxy } of this.members) {
      await server.stop();
      await proxy[Symbol.asyncDispose]();
    }
    this.members = [];
  }

  /** Ends every connection to the API server; new ones are taken. */
  cut(): void {
    for (const { proxy } of this.members) {
      if (proxy instanceof ApiProxy) proxy.cut();
      else {
        proxy.cut('refused');
        proxy.heal();
      }
    }
  }

  /** Lets the connections that there are stand still; new ones are whole. */
  freeze(): void {
    for (const { proxy } of this.members) if (proxy instanceof TcpProxy) proxy.freeze();
  }

  /** Refuses those requests whose query says so, until it is called without an argument. */
  refuse(fault: (query: URLSearchParams) => Refused | undefined = () => undefined): void {
    for (const { proxy } of this.members) if (proxy instanceof ApiProxy) proxy.fault = fault;
  }

  /** Puts a new token where the servers read it, and makes those before invalid. */
  async renewToken(): Promise<void> {
    const secrets = `/api/v1/namespaces/${account.namespace}/secrets`;
    const metadata = { name: `token-${crypto.randomUUID()}`, namespace: account.namespace, labels: { use: 'tokens' } };
    const made = await this.api.call<{ readonly metadata: { readonly uid: string } }>('POST', secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
    });
    const token = await this.api.tokenOf(account.namespace, account.name, { name: metadata.name, uid: made.metadata.uid });
    writeFileSync(this.tokenFile, token);
    const { items } = await this.api.call<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>(
      'GET',
      `${secrets}?labelSelector=use%3Dtokens`,
    );
    for (const { metadata: old } of items) if (old.name !== metadata.name) await this.api.call('DELETE', `${secrets}/${old.name}`);
  }

  /** Gives an endpoint another address. Returns which, and when. */
  async change(): Promise<{ readonly address: string; readonly at: number }> {
    const n = ++this.changes;
    const address = `172.20.${n >> 8}.${n & 255}`;
    await this.api.put(slice('faults/moved-1', 'moved', [address]));
    return { address, at: performance.now() };
  }

  /** Resolves when every server has answered with the change, or will not. */
  async known({ address, at }: { readonly address: string; readonly at: number }): Promise<Delays> {
    return this.until('moved.faults.svc.cluster.local', (answers) => answers.some((each) => each.endsWith(` ${address}`)), at);
  }

  /** Milliseconds since `since` until each server answered a name as it should. */
  async until(name: string, isRight: (answers: readonly string[], rcode: string) => boolean, since: number): Promise<Delays> {
    const found = await Promise.all(
      this.servers.map(async (server) => {
        while (performance.now() - since < longest) {
          const { answers, rcode } = await server.ask(name).catch(() => ({ answers: [], rcode: '' }));
          if (isRight(answers, rcode)) return [server.kind.name, performance.now() - since] as const;
          await delay(lookEvery);
        }
        return [server.kind.name, Number.POSITIVE_INFINITY] as const;
      }),
    );
    return new Map(found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.api[Symbol.asyncDispose]();
  }

  private get tokenFile(): string {
    return join(this.api.folder, 'token');
  }

  private kubeconfig(port: number): string {
    return this.api.kubeconfig({ tokenFile: this.tokenFile, port });
  }

  private async fill(): Promise<void> {
    const { api } = this;
    await api.define(serviceImports);
    await api.create(namespace('faults'));
    for (let i = 0; i < steady; i++) await api.put(service(`faults/steady${i}`, [`10.0.1.${i + 1}`]));
    await api.put(headless('faults/moved'));
    await this.change();
    const metadata = { name: account.name };
    await api.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    const rules = [
      { apiGroups: [''], resources: ['services', 'namespaces', 'pods'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceimports'], verbs: ['list', 'watch'] },
    ];
    await api.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules });
    const subjects = [{ kind: 'ServiceAccount', ...account }];
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: account.name };
    await api.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata, subjects, roleRef });
  }
}
