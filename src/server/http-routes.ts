// What one configuration serves over HTTP: which address, which path, by whom.
import { messageOf } from '../config/error.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { HttpRequest, HttpResponse, HttpService, HttpTls } from '../plugin/plugin.ts';

/** Answers the requests for one path. */
export interface Service {
  readonly respond: (request: HttpRequest) => Awaitable<HttpResponse>;
  readonly refuse?: HttpService['refuse'];
}

/** What a plugin serves. */
export interface Served extends HttpService, Service {
  readonly plugin: string;
}

/** What is served at one address. */
interface Place {
  readonly paths: Map<string, Served>;
  readonly tls: HttpTls | undefined;
  /** The plugin that states TLS, for errors. */
  readonly plugin: string;
}

/** What one configuration serves: address → path → who answers. */
export class HttpRoutes {
  readonly places = new Map<string, Place>();

  /**
   * A plugin that serves a path in several server blocks does so once. Throws an Error when another plugin has the path at that address, when what
   * is served there does not agree on TLS, and when certificate and key cannot be used.
   */
  add(address: string, path: string, served: Served): void {
    const place = this.places.get(address) ?? placeFor(served);
    const other = place.paths.get(path)?.plugin ?? served.plugin;
    if (other !== served.plugin) throw new Error(`${address}${path} is served by plugin ${other} already`);
    if (!sameTls(place.tls, served.tls)) {
      throw new Error(`${address} is served ${describe(place.tls)} by plugin ${place.plugin} and ${describe(served.tls)} by plugin ${served.plugin}`);
    }
    if (!place.paths.has(path)) place.paths.set(path, served);
    this.places.set(address, place);
  }
}

/** Who answers for a path: whoever has it, else whoever has the longest path above it that ends with "/". */
export function serviceFor(paths: ReadonlyMap<string, Service>, path: string): Service | undefined {
  const found = paths.get(path);
  if (found !== undefined || !path.startsWith('/')) return found;
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const above = paths.get(path.slice(0, end + 1));
    if (above !== undefined) return above;
  }
  return paths.get('/');
}

function placeFor({ tls, plugin }: Served): Place {
  if (tls !== undefined) verify(tls);
  return { paths: new Map(), tls, plugin };
}

function verify({ cert, key, clientCa }: HttpTls): void {
  try {
    process.getBuiltinModule('node:tls').createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
  } catch (error) {
    throw new Error(`certificate and key cannot be used: ${messageOf(error)}`);
  }
}

function sameTls(one: HttpTls | undefined, other: HttpTls | undefined): boolean {
  return one?.cert === other?.cert && one?.key === other?.key && one?.clientCa === other?.clientCa;
}

function describe(tls: HttpTls | undefined): string {
  if (tls === undefined) return 'without TLS';
  return tls.clientCa === undefined ? 'with TLS' : 'with TLS and client certificates';
}
