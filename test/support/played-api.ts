// A small HTTP server that plays the API server of a cluster, as far as DNS asks it: lists, pages, watches, bookmarks, and what goes wrong with them.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { KubernetesObject } from './kubernetes.ts';
import { answerNamespaced } from './played-objects.ts';
import { envelope, hasMessage, listEnvelope, watchFrame } from './protobuf.ts';

const protobufType = 'application/vnd.kubernetes.protobuf';

interface Kept {
  readonly path: string;
  readonly object: KubernetesObject & { readonly metadata: { readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> } };
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

interface PlayedEvent extends Kept {
  readonly type: EventType;
  readonly version: number;
  /** What was in its place. */
  readonly before?: Kept['object'] | undefined;
}

interface Watch {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
  /** Writes an event of the watch: as JSON, or as Protocol Buffers where the client takes them and there are some. */
  readonly event: (type: string, object: object) => void;
}

/** What was asked. */
export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly method: string;
  readonly authorization: string | undefined;
}

/** What is answered in place of the usual: a status, nothing at all, or a cut connection. */
export type Fault = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly reason?: string } | 'silence' | 'cut';

export interface PlayedApiOptions {
  /** Whether lists are streamed (`sendInitialEvents`), as newer servers do. */
  readonly streams?: boolean | 'old etcd';
  /** Whether lists and watches are sent as Protocol Buffers to those who would rather have them; 'plain': without the fields that no reader knows. */
  readonly protobuf?: boolean | 'plain';
  /** Objects of a page at most. */
  readonly page?: number;
}

export class PlayedApi implements AsyncDisposable {
  /** Every request so far. */
  readonly asked: Asked[] = [];
  /** Decides what goes wrong. */
  fault: (asked: Asked) => Fault | undefined = () => undefined;
  private readonly options: PlayedApiOptions;
  private readonly objects = new Map<string, Kept>();
  private readonly events: PlayedEvent[] = [];
  private readonly watches = new Set<Watch>();
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private version = 100;
  /** Watches from before this version are told that it is too old. */
  private compacted = 0;
  port = 0;

  private constructor(options: PlayedApiOptions) {
    this.options = options;
  }

  static async start(objects: readonly KubernetesObject[] = [], options: PlayedApiOptions = {}): Promise<PlayedApi> {
    const api = new PlayedApi(options);
    for (const object of objects) api.put(object);
    await api.listen();
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Watches that are open. */
  get watching(): number {
    return this.watches.size;
  }

  /** Creates an object, or puts it in the place of the one that has its name. */
  put(object: KubernetesObject): void {
    const path = pathOf(object);
    const key = keyOf(object);
    const before = this.objects.get(key)?.object;
    const type = before === undefined ? 'ADDED' : 'MODIFIED';
    const version = ++this.version;
    const kept: Kept = { path, object: { ...object, metadata: { ...object.metadata, resourceVersion: `${version}`, uid: key } } };
    this.objects.set(key, kept);
    this.publish({ ...kept, type, version, before });
  }

  delete(object: KubernetesObject): void {
    const kept = this.objects.get(keyOf(object));
    if (kept === undefined) throw new Error(`${keyOf(object)} is not there`);
    this.objects.delete(keyOf(object));
    const version = ++this.version;
    this.publish({
      ...kept,
      type: 'DELETED',
      version,
      object: { ...kept.object, metadata: { ...kept.object.metadata, resourceVersion: `${version}` } },
    });
  }

  /** Sends what is no object of the API, in all watches of a path. */
  send(path: string, text: string | Buffer): void {
    for (const watch of this.watches) if (watch.path === path) watch.response.write(text);
  }

  /** Forgets what has happened: watches can only begin from now. */
  compact(): void {
    this.compacted = this.version;
    this.events.length = 0;
  }

  /** Ends every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Says nothing any more on the connections that there are, and leaves them open. */
  mute(): void {
    this.watches.clear();
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    this.cut();
    await closed;
  }

  /** Listens, at the same port as before. */
  async listen(): Promise<void> {
    const server = createServer((request, response) => this.answer(request, response));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://api');
    const asked = { path, query, method: request.method ?? 'GET', authorization: request.headers.authorization };
    this.asked.push(asked);
    response.on('error', () => {});
    const fault = this.fault(asked);
    if (fault === 'silence') return;
    const protobuf =
      (this.options.protobuf ?? false) !== false && hasMessage(kindIn(path)) && String(request.headers.accept).startsWith(protobufType);
    if (fault === 'cut') request.socket.destroy();
    else if (fault !== undefined) refuse(response, fault, protobuf);
    else if (path.includes('/namespaces/')) void this.answerObject(request, response);
    else if (query.get('watch') === 'true' || query.get('watch') === '1') this.watch(path, query, response, protobuf);
    else this.list(path, query, response, protobuf);
  }

  /** The objects of a collection, as "/api/v1/configmaps". */
  objectsAt(path: string): readonly KubernetesObject[] {
    return [...this.objects.values()].filter((kept) => kept.path === path).map(({ object }) => object);
  }

  private async answerObject(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!(await answerNamespaced(this, request, response))) refuse(response, { status: 404 });
  }

  private list(path: string, query: URLSearchParams, response: ServerResponse, protobuf: boolean): void {
    const all = this.matching(path, query);
    const limit = Math.min(Number(query.get('limit') ?? Number.POSITIVE_INFINITY), this.options.page ?? Number.POSITIVE_INFINITY);
    const from = Number(query.get('continue') ?? 0);
    const items = all.slice(from, from + limit);
    const metadata = { resourceVersion: `${this.version}`, ...(from + limit < all.length ? { continue: `${from + limit}` } : {}) };
    const list = { kind: listKind(path), apiVersion: versionIn(path), metadata, items: items.map(({ object }) => object) };
    response.writeHead(200, { 'content-type': protobuf ? protobufType : 'application/json' });
    response.end(protobuf ? listEnvelope(kindIn(path), list, this.hasStrange) : JSON.stringify(list));
  }

  private watch(path: string, query: URLSearchParams, response: ServerResponse, protobuf: boolean): void {
    const event: Watch['event'] = (type, object) =>
      response.write(protobuf ? watchFrame(type, object, this.hasStrange) : `${JSON.stringify({ type, object })}\n`);
    const watch = { path, query, response, event };
    const wants = query.get('sendInitialEvents') === 'true';
    if (wants && this.options.streams === false) {
      refuse(response, { status: 422, reason: 'Invalid' }, protobuf);
      return;
    }
    const from = Number(query.get('resourceVersion') ?? 0);
    response.writeHead(200, { 'content-type': protobuf ? `${protobufType};stream=watch` : 'application/json' });
    response.flushHeaders();
    if (!wants && from < this.compacted) {
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 410,
        reason: 'Expired',
        message: `too old resource version: ${from} (${this.version})`,
      };
      event('ERROR', status);
      response.end();
      return;
    }
    if (wants && this.options.streams === 'old etcd') {
      const message = 'a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled';
      event('ERROR', { kind: 'Status', status: 'Failure', code: 500, message });
      response.end();
      return;
    }
    if (wants) this.sendInitial(watch);
    else for (const past of this.events) if (past.version > from) send(watch, past);
    this.watches.add(watch);
    response.on('close', () => this.watches.delete(watch));
  }

  private get hasStrange(): boolean {
    return this.options.protobuf !== 'plain';
  }

  private sendInitial(watch: Watch): void {
    for (const kept of this.matching(watch.path, watch.query)) send(watch, { ...kept, type: 'ADDED' });
    const metadata = { resourceVersion: `${this.version}`, annotations: { 'k8s.io/initial-events-end': 'true' } };
    watch.event('BOOKMARK', { kind: kindIn(watch.path), apiVersion: versionIn(watch.path), metadata });
  }

  private publish(event: PlayedEvent): void {
    this.events.push(event);
    for (const watch of this.watches) send(watch, event);
  }

  private matching(path: string, query: URLSearchParams): Kept[] {
    return [...this.objects.values()].filter((kept) => kept.path === path && selects(query, kept.object));
  }
}

/** For whoever selects objects, one comes when it is chosen, and is deleted when it is not any more. */
function send({ path, query, event }: Watch, { type, object, before, path: of }: Kept & Pick<PlayedEvent, 'type' | 'before'>): void {
  if (of !== path) return;
  const [was, is] = [before !== undefined && selects(query, before), selects(query, object)];
  const seen = type !== 'MODIFIED' || was === is ? type : is ? 'ADDED' : 'DELETED';
  if (was || is) event(seen, object);
}

function refuse(response: ServerResponse, { status, headers = {}, reason = '' }: Exclude<Fault, string>, protobuf = false): void {
  response.writeHead(status, { 'content-type': protobuf ? protobufType : 'application/json', ...headers });
  const told = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message: `${reason || 'failure'} ${status}` };
  response.end(protobuf ? envelope(told) : JSON.stringify(told));
}

/** Selectors as far as tests use them: KEY, KEY=VALUE, and phases of Pods that are not wanted. */
function selects(query: URLSearchParams, object: Kept['object']): boolean {
  const labels = object.metadata.labels ?? {};
  const parts = (query.get('labelSelector') ?? '').split(',').filter((part) => part !== '');
  const phases = (query.get('fieldSelector') ?? '').split(',').filter((part) => part !== '');
  const phase = (object['status'] as { readonly phase?: string } | undefined)?.phase;
  return (
    parts.every((part) => {
      const [key = '', value] = part.split(/==?/);
      return value === undefined ? key in labels : labels[key] === value;
    }) && phases.every((part) => part.split('!=')[1] !== phase)
  );
}

function pathOf({ apiVersion, kind }: KubernetesObject): string {
  return `${apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`}/${kind.toLowerCase()}s`;
}

function keyOf(object: KubernetesObject): string {
  return `${pathOf(object)} ${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

const kinds: Readonly<Record<string, string>> = {
  namespaces: 'Namespace',
  services: 'Service',
  endpointslices: 'EndpointSlice',
  pods: 'Pod',
  serviceimports: 'ServiceImport',
};

const kindIn = (path: string): string => kinds[path.split('/').at(-1) ?? ''] ?? 'Object';
const listKind = (path: string): string => `${kindIn(path)}List`;
const versionIn = (path: string): string => path.replace(/^\/apis?\//, '').replace(/\/[^/]*$/, '');
