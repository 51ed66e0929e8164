// The store in a Kubernetes ConfigMap: one key for each plan. An update is refused by the API unless it names the resourceVersion it has seen.
import type { KubernetesAccess } from 'ferrydns/built-in/kubernetes';
import { JsonClient, type JsonRequest, type JsonResponse } from './request.ts';
import { type Found, type Kept, type Proposal, parseKept, type Store, type Swapped } from './store.ts';

export interface ConfigMapOptions {
  readonly access: KubernetesAccess;
  readonly namespace: string;
  readonly name: string;
  readonly plan: string;
  /** Replicas are called as their Pods: then a Pod that is no longer there is a replica that is gone. */
  readonly pods: boolean;
  /** Milliseconds that an exchange may take. */
  readonly patience: number;
}

interface ConfigMap {
  readonly apiVersion: 'v1';
  readonly kind: 'ConfigMap';
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Seen extends Found {
  /** Undefined: there is none yet. */
  readonly map: ConfigMap | undefined;
  /** The value as it stands there. */
  readonly text?: string;
}

/** A resourceVersion is not to be compared, so the value has a number of its own. */
interface Numbered extends Kept {
  readonly version: number;
}

/** Other plans in the same ConfigMap may be in the way so often. */
const attempts = 5;

export class ConfigMapStore implements Store {
  readonly place: string;
  readonly isGone?: (replica: string) => Promise<boolean>;
  private readonly options: ConfigMapOptions;
  private readonly client: JsonClient;
  /** What was found last: numbers in a ConfigMap that was deleted and made anew begin at 1 again, and may come to the same one. */
  private last: Seen | undefined;

  constructor(options: ConfigMapOptions) {
    this.options = options;
    const { access, namespace, name, plan, patience } = options;
    this.client = new JsonClient(access.trust, patience);
    this.place = `ConfigMap ${namespace}/${name} key ${plan}`;
    if (options.pods) this.isGone = (replica) => this.hasNoPod(replica);
  }

  read(): Promise<Found> {
    return this.look();
  }

  async swap(proposal: Proposal): Promise<Swapped> {
    const { last } = this;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const seen = await this.look();
      const isOther = last?.version === proposal.expect && last.text !== seen.text;
      if (seen.version !== proposal.expect || isOther) return { done: false, found: seen };
      const version = seen.version + 1;
      const value: Numbered = { ...proposal.kept, version };
      if (!(await this.put(seen.map, value))) continue;
      this.last = { version, kept: proposal.kept, map: undefined, text: JSON.stringify(value) };
      return { done: true, version };
    }
    throw new Error(`${this.place} was changed by others again and again`);
  }

  close(): void {
    this.client.close();
  }

  private async look(): Promise<Seen> {
    this.last = await this.get();
    return this.last;
  }

  private async get(): Promise<Seen> {
    const { namespace, name, plan } = this.options;
    const response = await this.ask({ method: 'GET', path: `/api/v1/namespaces/${namespace}/configmaps/${name}` });
    if (response.status === 404) return { version: 0, kept: null, map: undefined };
    this.expect(response, [200]);
    const map = JSON.parse(response.text) as ConfigMap;
    const text = map.data?.[plan];
    if (text === undefined) return { version: 0, kept: null, map };
    const kept = parseKept(text, this.place);
    const { version } = JSON.parse(text) as Partial<Numbered>;
    if (typeof version !== 'number') throw new Error(`${this.place} has no version`);
    return { version, kept, map, text };
  }

  /** False: somebody else was first. */
  private async put(map: ConfigMap | undefined, value: Numbered): Promise<boolean> {
    const { namespace, name, plan } = this.options;
    const data = { ...map?.data, [plan]: JSON.stringify(value) };
    const body: ConfigMap = map === undefined ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data } : { ...map, data };
    const path = `/api/v1/namespaces/${namespace}/configmaps${map === undefined ? '' : `/${name}`}`;
    const response = await this.ask({ method: map === undefined ? 'POST' : 'PUT', path, body });
    // 404: it was deleted in between; looking again shows it.
    if (response.status === 409 || (response.status === 404 && map !== undefined)) return false;
    this.expect(response, [200, 201]);
    return true;
  }

  private async hasNoPod(replica: string): Promise<boolean> {
    const path = `/api/v1/namespaces/${this.options.access.namespace}/pods/${encodeURIComponent(replica)}`;
    const response = await this.ask({ method: 'GET', path });
    this.expect(response, [200, 404]);
    return response.status === 404;
  }

  private async ask({
    method,
    path,
    body,
  }: {
    readonly method: JsonRequest['method'];
    readonly path: string;
    readonly body?: unknown;
  }): Promise<JsonResponse> {
    const { access } = this.options;
    const { token, ...certificate } = await access.identity();
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await this.client.ask({ method, url: `${access.url}${path}`, headers, body, certificate });
    if (response.status === 401) access.refused();
    return response;
  }

  private expect({ status, text }: JsonResponse, statuses: readonly number[]): void {
    if (statuses.includes(status)) return;
    throw new Error(`${this.place}: status ${status}: ${reasonIn(text)}`);
  }
}

function reasonIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
