// The HTTP listeners that plugins share (health, ready, metrics). They are open as long as a configuration uses them, also across a reload.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { HttpRequest, HttpResponse } from '../plugin/plugin.ts';

/** Answers the requests for one path. */
export type Respond = (request: HttpRequest) => Awaitable<HttpResponse>;

/** What one configuration serves: address → path → who answers. */
export class HttpRoutes {
  readonly addresses = new Map<string, Map<string, Respond>>();
  private readonly owners = new Map<string, string>();

  /** A plugin that serves a path in several server blocks does so once. Throws an Error when another plugin has the path at that address. */
  add(address: string, path: string, owner: { readonly plugin: string; readonly respond: Respond }): void {
    const paths = this.addresses.get(address) ?? new Map<string, Respond>();
    const other = this.owners.get(address + path) ?? owner.plugin;
    if (other !== owner.plugin) throw new Error(`${address}${path} is served by plugin ${other} already`);
    this.owners.set(address + path, other);
    if (!paths.has(path)) this.addresses.set(address, paths.set(path, owner.respond));
  }
}

/** The open HTTP listeners by the address that the configuration names. */
export class HttpListeners {
  private readonly servers = new Map<string, { readonly server: Server; paths: ReadonlyMap<string, Respond> }>();

  /** Opens what the routes need and is not open. Rejects with an Error that names the address, and opens nothing then. */
  async open(routes: HttpRoutes): Promise<void> {
    const opened: string[] = [];
    try {
      for (const address of routes.addresses.keys()) {
        if (this.servers.has(address)) continue;
        const entry: { readonly server: Server; paths: ReadonlyMap<string, Respond> } = { server: createServer(), paths: new Map() };
        entry.server.on('request', (request, response) => void answer(entry.paths, request, response));
        await listen(entry.server, address);
        this.servers.set(address, entry);
        opened.push(address);
      }
    } catch (error) {
      for (const address of opened) this.close(address);
      throw error;
    }
  }

  /** Answers by these routes from now on and closes what they do not need. */
  use(routes: HttpRoutes): void {
    for (const [address, entry] of this.servers) {
      const paths = routes.addresses.get(address);
      if (paths === undefined) this.close(address);
      else entry.paths = paths;
    }
  }

  /** The port that the listener for this configured address has; undefined when there is none. */
  portOf(address: string): number | undefined {
    const bound = this.servers.get(address)?.server.address();
    return typeof bound === 'object' ? bound?.port : undefined;
  }

  private close(address: string): void {
    const entry = this.servers.get(address);
    this.servers.delete(address);
    entry?.server.close();
    entry?.server.closeAllConnections();
  }
}

async function answer(paths: ReadonlyMap<string, Respond>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reply = await respond(paths, request).catch((error: unknown): HttpResponse => ({ status: 500, body: String(error) }));
  response.writeHead(reply.status, { 'content-type': reply.contentType ?? 'text/plain; charset=utf-8' });
  response.end(request.method === 'HEAD' ? undefined : reply.body);
}

async function respond(paths: ReadonlyMap<string, Respond>, request: IncomingMessage): Promise<HttpResponse> {
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  const handler = url === null ? undefined : paths.get(url.pathname);
  if (url === null || handler === undefined) return { status: 404, body: '404 page not found\n' };
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const method = request.method ?? 'GET';
  const body = method === 'POST' ? await readBody(request) : '';
  if (body === undefined) return { status: 413, body: '413 request entity too large\n' };
  return handler({ method, url, headers, body, from: request.socket.remoteAddress ?? '' });
}

/** Octets of a request's body at most. */
const mostBody = 64 * 1024;

/** Undefined when there is more than anybody has to say. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function listen(server: Server, address: string): Promise<void> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'bind: address already in use' : error.message;
      reject(new Error(`listen tcp ${address}: ${reason}`, { cause: error }));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
  });
}

/** Splits "HOST:PORT"; throws an Error that says what was found. */
function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const found = /^(?<host>\[[^\]]*\]|[^:]*):(?<port>\d{1,5})$/.exec(address)?.groups;
  const port = Number(found?.['port']);
  if (found === undefined || port > 65535) throw new Error(`address '${address}', expected HOST:PORT or :PORT`);
  return { host: (found['host'] ?? '').replace(/^\[|\]$/g, ''), port };
}
