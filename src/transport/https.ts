// DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1: one query in each request, by GET or POST.
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { type AcceptOptions, acceptStreams } from './accept.ts';
import type { Addresses } from './addresses.ts';
import { type Answerer, type Listening, maxMessage } from './answerer.ts';
import type { Served } from './connections.ts';
import { HttpsRequest } from './https-request.ts';
import { RequestConnection } from './request-connection.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Where to listen, who answers, and what connections may take. */
export interface HttpsOptions extends Pick<AcceptOptions, 'address' | 'port' | 'reusePort'> {
  readonly answerer: Answerer;
  readonly settings: () => StreamSettings;
  /** Called with the HTTP status of every response. */
  readonly responded?: ((status: number) => void) | undefined;
}

/** Requests of one HTTP/2 connection at a time. */
const maxStreams = 256;
/** Opens a DNS over HTTPS listener. Rejects with the system's error when the address cannot be had. */
export async function listenHttps(options: HttpsOptions): Promise<Listening> {
  const http = new HttpServer(options);
  const listening = await acceptStreams({
    ...options,
    protocols: ['h2', 'http/1.1'],
    serve: (socket, addresses, settings) => http.serve(socket, addresses, settings),
  });
  return { transport: 'https', ...listening };
}

/** An HTTP server that never listens: it is given connections whose handshake is over. */
class HttpServer {
  private readonly options: HttpsOptions;
  private readonly server: Http2SecureServer;
  /** The HTTP/2 session that began last. */
  private session: { close(): void } | undefined;
  private readonly out = Buffer.allocUnsafeSlow(maxMessage);

  constructor(options: HttpsOptions) {
    this.options = options;
    this.server = createSecureServer({ allowHTTP1: true, settings: { maxConcurrentStreams: maxStreams }, maxSessionMemory: 1 });
    this.server.on('session', (session) => {
      this.session = session;
    });
    this.server.on('sessionError', () => {});
    this.server.on('request', (request, response) => this.take(request, response));
  }

  serve(socket: Socket, addresses: Addresses, { timeouts }: StreamSettings): Served {
    const connection = new RequestConnection(socket, addresses, timeouts);
    const session = this.begin(socket);
    // Who ends a connection of HTTP/2 has gone; by HTTP/1.1 it may have asked its last.
    if (session !== undefined) socket.on('end', () => socket.destroy());
    return { finish: () => (session === undefined ? connection.finish() : session.close()) };
  }

  /** The HTTP/2 session of a connection, which begins within the call that hands it over; undefined for HTTP/1.1. */
  private begin(socket: Socket): { close(): void } | undefined {
    this.session = undefined;
    this.server.emit('secureConnection', socket);
    return this.session;
  }

  private take(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { answerer, settings, responded } = this.options;
    const connection = RequestConnection.of(request.socket);
    // HTTP/2 goes on with the requests that it has read when their client has gone.
    if (connection === undefined) return void response.stream?.close();
    const { read } = settings().timeouts;
    new HttpsRequest(request, response, { connection, answerer, out: this.out, read, responded }).take();
  }
}
