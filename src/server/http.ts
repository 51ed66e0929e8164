// The HTTP listeners that plugins share (health, ready, metrics, plans). They are open as long as a configuration uses them, also across a reload.
import { existsSync } from 'node:fs';
import type { Server, ServerOptions } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { HttpTls } from '../plugin/plugin.ts';
import { listen, socketPath } from './http-address.ts';
import { answer } from './http-answer.ts';
import { type HttpRoutes, type Service, serviceFor } from './http-routes.ts';

/** What clients may take. Times are milliseconds. */
export interface HttpLimits {
  /** For the handshake, and for the headers of a request. */
  readonly headers: number;
  /** For a whole request. */
  readonly request: number;
  /** For reading what has been sent. */
  readonly reading: number;
  /** Between two looks at who is late. */
  readonly look: number;
  /** Connections of a listener. */
  readonly connections: number;
  /** Responses of a listener that are sent piece by piece. */
  readonly streams: number;
  /** For answers that are on their way when a listener is closed. */
  readonly leave: number;
}

const usual: HttpLimits = { headers: 10_000, request: 30_000, reading: 30_000, look: 5000, connections: 1024, streams: 100, leave: 250 };

interface Listener {
  readonly address: string;
  readonly server: Server;
  /** Whether it speaks TLS, and whom it lets in. */
  readonly speech: string;
  readonly streams: Set<AbortController>;
  paths: ReadonlyMap<string, Service>;
}

/** The open HTTP listeners by the address that the configuration names. */
export class HttpListeners {
  private readonly listeners = new Map<string, Listener>();
  private readonly limits: HttpLimits;

  constructor(limits: Partial<HttpLimits> = {}) {
    this.limits = { ...usual, ...limits };
  }

  /** Opens what the routes need and is not open. What is opened anew answers as before, what is new nothing yet. Rejects with an Error that names the address, and nothing has changed then. */
  async open(routes: HttpRoutes): Promise<void> {
    const before = new Map(this.listeners);
    const places = [...routes.places].filter(([address, { tls }]) => before.get(address)?.speech !== speechOf(tls) || isRemoved(address));
    // One that has to be opened anew is shut for a moment: last, when nothing else can fail.
    places.sort(([one], [other]) => Number(before.has(one)) - Number(before.has(other)));
    const opened: Listener[] = [];
    try {
      for (const [address, { tls }] of places) {
        const listener = makeListener(address, tls, this.limits);
        before.get(address)?.server.close();
        await listen(listener.server, address);
        opened.push(listener);
      }
    } catch (error) {
      for (const { server } of opened) server.close();
      for (const [address] of places) await reopen(before.get(address));
      throw error;
    }
    for (const listener of opened) {
      const old = before.get(listener.address);
      if (old !== undefined) this.end(old);
      listener.paths = old?.paths ?? listener.paths;
      this.listeners.set(listener.address, listener);
    }
  }

  /** Answers by these routes from now on, ends the streams of those before, and closes what is not needed. */
  use(routes: HttpRoutes): void {
    for (const [address, listener] of this.listeners) {
      const place = routes.places.get(address);
      if (place === undefined) {
        this.listeners.delete(address);
        this.end(listener);
        continue;
      }
      listener.paths = place.paths;
      if (place.tls !== undefined) (listener.server as TlsServer).setSecureContext(secrets(place.tls));
      for (const stream of listener.streams) stream.abort();
    }
  }

  /** The port that the listener for this configured address has; undefined when there is none. */
  portOf(address: string): number | undefined {
    const bound = this.listeners.get(address)?.server.address();
    return typeof bound === 'object' ? bound?.port : undefined;
  }

  /** What is on its way gets a moment to arrive. */
  private end({ server, streams }: Listener): void {
    if (server.listening) server.close();
    for (const stream of streams) stream.abort();
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), this.limits.leave).unref();
  }
}

function makeListener(address: string, tls: HttpTls | undefined, limits: HttpLimits): Listener {
  const options: ServerOptions = { headersTimeout: limits.headers, requestTimeout: limits.request, connectionsCheckingInterval: limits.look };
  const server =
    tls === undefined
      ? process.getBuiltinModule('node:http').createServer(options)
      : process.getBuiltinModule('node:https').createServer({ ...options, ...secrets(tls), handshakeTimeout: limits.headers });
  server.maxConnections = limits.connections;
  const listener: Listener = { address, server, speech: speechOf(tls), streams: new Set(), paths: new Map() };
  const around = {
    address,
    streams: listener.streams,
    mostStreams: limits.streams,
    patience: limits.reading,
    find: (path: string) => serviceFor(listener.paths, path),
  };
  server.on('request', (request, response) => void answer(request, response, around));
  return listener;
}

/** Whether somebody has removed the socket file, so that nobody can connect any more. */
function isRemoved(address: string): boolean {
  const path = socketPath(address);
  return path !== undefined && !existsSync(path);
}

async function reopen(listener: Listener | undefined): Promise<void> {
  if (listener !== undefined && !listener.server.listening) await listen(listener.server, listener.address);
}

/** Where this differs a listener is opened anew: one that is open would serve on whom it has let in. */
function speechOf(tls: HttpTls | undefined): string {
  return tls === undefined ? 'plain' : `TLS ${tls.clientCa ?? ''}`;
}

function secrets({ cert, key, clientCa }: HttpTls) {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }) };
}
