// What is asked of the API server for plans in ConfigMaps: their list, and to take note of events.
import { accessByFile, accessInCluster, type KubernetesAccess } from 'ferrydns/built-in/kubernetes';
import type { StoreAccess } from '../store/open-store.ts';
import { JsonClient, type JsonRequest, type JsonResponse } from '../store/request.ts';
import type { PlanText } from './plan-text.ts';
import type { PlanPlaces } from './settings.ts';

/** Milliseconds that an exchange may take. */
const patience = 5000;

/** The API server has answered that this server may not do so. */
export class NotPermitted extends Error {}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly uid?: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

/** A plan as its ConfigMap holds it, with the annotations that stand there. */
export interface PlanFound {
  readonly plan: PlanText;
  readonly annotations: Readonly<Record<string, string>>;
}

export class PlansApi {
  private readonly access: KubernetesAccess;
  private readonly client: JsonClient;

  /** Throws an Error that says what is missing to reach the API server. */
  constructor({ kubeconfig }: Pick<StoreAccess, 'kubeconfig'>) {
    this.access = kubeconfig === undefined ? accessInCluster() : accessByFile(kubeconfig.file, kubeconfig.context);
    this.client = new JsonClient(this.access.trust, patience);
  }

  /** The plans of a namespace: every key that ends as a YAML file does. Rejects with NotPermitted, or an Error when it is not known what there is. */
  async plans(namespace: string, { selector }: PlanPlaces): Promise<readonly PlanFound[]> {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const response = await this.ask({ method: 'GET', path: `${path}?${new URLSearchParams(selector)}` });
    if (response.status !== 200) throw failure(response, `list configmaps in namespace ${namespace}`);
    const { items = [] } = JSON.parse(response.text) as { readonly items?: readonly ConfigMap[] };
    return items.flatMap(({ metadata: { name, uid = '', annotations = {} }, data = {} }) =>
      Object.entries(data).flatMap(([key, text]) =>
        /\.ya?ml$/.test(key) ? [{ plan: { namespace, configMap: name, key, uid, text }, annotations }] : [],
      ),
    );
  }

  /** Sets one annotation of a ConfigMap, or takes it away. One that is gone meanwhile is no failure. Rejects with NotPermitted, or an Error. */
  async annotate({ namespace, configMap }: PlanText, annotation: string, text: string | null): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${configMap}`;
    const response = await this.ask({ method: 'PATCH', path, body: { metadata: { annotations: { [annotation]: text } } } });
    if (![200, 404].includes(response.status)) throw failure(response, `patch configmaps in namespace ${namespace}`);
  }

  /** An event that is there already, as another server has said the same, is no failure. */
  async postEvent(namespace: string, event: object): Promise<void> {
    const response = await this.ask({ method: 'POST', path: `/api/v1/namespaces/${namespace}/events`, body: event });
    if (![200, 201, 202, 409].includes(response.status)) throw failure(response, `create events in namespace ${namespace}`);
  }

  close(): void {
    this.client.close();
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
    const { token, ...certificate } = await this.access.identity();
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await this.client.ask({ method, url: `${this.access.url}${path}`, headers, body, certificate });
    if (response.status === 401) this.access.refused();
    return response;
  }
}

function failure({ status, text }: JsonResponse, what: string): Error {
  const told = messageIn(text);
  return status === 403 ? new NotPermitted(`no permission to ${what}: ${told}`) : new Error(`cannot ${what}: status ${status}: ${told}`);
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
