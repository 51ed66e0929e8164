// What clients of the played API server do with single objects and with those of one namespace: list, get, create and replace them.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KubernetesObject } from './kubernetes.ts';

export interface ObjectStore {
  /** The objects of a collection, as "/api/v1/configmaps". */
  objectsAt(path: string): readonly KubernetesObject[];
  put(object: KubernetesObject): void;
}

type Held = KubernetesObject & { readonly metadata: { readonly resourceVersion?: string } };

/** Answers a request below "/api/v1/namespaces/NAMESPACE"; false: it is for something else. */
export async function answerNamespaced(store: ObjectStore, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api');
  const [, api, namespace, kinds, name] = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(pathname) ?? [];
  if (api === undefined) return false;
  // Nothing happens between the look at what is there and the change of it.
  const sent = request.method === 'GET' ? undefined : await bodyOf(request);
  const all = store.objectsAt(`${api}/${kinds}`).filter(({ metadata }) => metadata.namespace === namespace) as readonly Held[];
  const [status, body] =
    request.method === 'GET'
      ? found(all, name, searchParams)
      : request.method === 'PATCH'
        ? patched(store, found(all, name, searchParams), sent as Patch)
        : written(store, all, sent as Held, request.method);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
  return true;
}

type Answer = readonly [status: number, body: object];

const refusal = (code: number): Answer => [code, { kind: 'Status', status: 'Failure', code, message: `status ${code}` }];

function found(all: readonly Held[], name: string | undefined, query: URLSearchParams): Answer {
  if (name === undefined) return [200, { kind: 'List', metadata: {}, items: all.filter(({ metadata }) => isSelected(metadata as Metadata, query)) }];
  const known = all.find(({ metadata }) => metadata.name === name);
  return known === undefined ? refusal(404) : [200, known];
}

function written(store: ObjectStore, all: readonly Held[], object: Held, method: string | undefined): Answer {
  const known = all.find(({ metadata }) => metadata.name === object.metadata.name);
  if ((known === undefined) !== (method === 'POST')) return refusal(known === undefined ? 404 : 409);
  if (known !== undefined && known.metadata.resourceVersion !== object.metadata.resourceVersion) return refusal(409);
  store.put(object);
  return [known === undefined ? 201 : 200, object];
}

interface Patch {
  readonly metadata: { readonly annotations: Readonly<Record<string, string | null>> };
}

/** A merge patch of annotations (RFC 7396). */
function patched(store: ObjectStore, [status, known]: Answer, { metadata }: Patch): Answer {
  if (status !== 200) return [status, known];
  const object = known as Held & { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  const merged = Object.entries({ ...object.metadata.annotations, ...metadata.annotations }).filter(([, value]) => value !== null);
  store.put({ ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(merged) } } as KubernetesObject);
  return [200, object];
}

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

function isSelected(metadata: Metadata, query: URLSearchParams): boolean {
  const [key = '', value] = (query.get('labelSelector') ?? '').split('=');
  const name = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  return (key === '' || metadata.labels?.[key] === value) && (name === undefined || metadata.name === name);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}
