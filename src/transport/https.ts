// DNS over HTTPS (RFC 8484), by HTTP/2 and HTTP/1.1: one query in each request, by GET or POST.
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { freshness } from '../dns/freshness.ts';
import { type AcceptOptions, acceptStreams, type Served } from './accept.ts';
import { addressesOf } from './addresses.ts';
import { type Answerer, type Listening, maxMessage, pending } from './answerer.ts';
import { RequestPeer } from './request-peer.ts';
import type { StreamSettings } from './stream-settings.ts';

/** Where to listen, who answers, and what connections may take. */
export interface HttpsOptions extends Pick<AcceptOptions, 'address' | 'port' | 'reusePort'> {
  readonly answerer: Answerer;
  readonly settings: () => StreamSettings;
  /** Is told the HTTP status of every response. */
  readonly responded?: ((status: number) => void) | undefined;
}

const path = '/dns-query';
const mediaType = 'application/dns-message';
/** Characters of the longest message in base64url. */
const maxEncoded = Math.ceil((maxMessage * 4) / 3);
/** Requests of one HTTP/2 connection at a time. */
const maxStreams = 256;
/** Seconds that an HTTP cache may keep an answer at most, as in CoreDNS. */
const maxAge = 3600;

/** Opens a DNS over HTTPS listener. Rejects with the system's error when the address cannot be had. */
export async function listenHttps(options: HttpsOptions): Promise<Listening> {
  const http = new HttpServer(options);
  const listening = await acceptStreams({
    ...options,
    protocols: ['h2', 'http/1.1'],
    serve: (socket, settings) => http.serve(socket, settings),
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

  serve(socket: Socket, { timeouts }: StreamSettings): Served {
    socket.setTimeout(timeouts.idle, () => socket.destroy());
    const session = this.begin(socket);
    return {
      // A session closes when its streams are answered; an HTTP/1.1 connection that is silent has nothing to wait for.
      finish: () => (session === undefined ? void socket.end() : session.close()),
    };
  }

  /** The HTTP/2 session of a connection, which begins within the call that hands it over; undefined for HTTP/1.1. */
  private begin(socket: Socket): { close(): void } | undefined {
    this.session = undefined;
    this.server.emit('secureConnection', socket);
    return this.session;
  }

  private take(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const { read } = this.options.settings().timeouts;
    request.setTimeout(read, () => this.refuse(response, 408));
    request.on('error', () => response.stream?.close());
    const asked = readRequest(request);
    if (typeof asked === 'number') this.refuse(response, asked);
    else if (asked === 'body') this.answerBody(request, response);
    else this.answer(asked, request, response);
  }

  private answerBody(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const pieces: Buffer[] = [];
    let length = 0;
    request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > maxMessage) this.refuse(response, 413);
      else pieces.push(piece);
    });
    request.on('end', () => {
      if (!response.headersSent) this.answer(Buffer.concat(pieces), request, response);
    });
  }

  private answer(message: Buffer, request: Http2ServerRequest, response: Http2ServerResponse): void {
    const peer = new RequestPeer('https', addressesOf(request.socket as Socket), {
      send: (reply) => this.respond(response, reply),
      sendNothing: () => this.refuse(response, 500),
    });
    response.on('close', () => peer.gone());
    const length = this.options.answerer.answer(message, 0, message.length, peer, this.out);
    if (length === pending) return;
    if (length > 0) peer.send(this.out.subarray(0, length));
    // What is no query has no answer; HTTP needs one.
    else this.refuse(response, 400);
  }

  private respond(response: Http2ServerResponse, reply: Uint8Array): void {
    const age = Math.min(ageOf(reply), maxAge);
    this.end(response, 200, { 'content-type': mediaType, 'cache-control': `max-age=${age}`, 'content-length': reply.length }, Buffer.from(reply));
  }

  private refuse(response: Http2ServerResponse, status: number): void {
    // What is left of a body that is too long is not waited for.
    const allow = status === 405 ? { allow: 'GET, POST' } : {};
    const close = status === 413 && response.req.httpVersionMajor === 1 ? { connection: 'close' } : {};
    this.end(response, status, { 'content-length': 0, ...allow, ...close });
  }

  private end(response: Http2ServerResponse, status: number, headers: Record<string, string | number>, body?: Buffer): void {
    if (response.headersSent || response.writableEnded) return;
    this.options.responded?.(status);
    response.writeHead(status, headers);
    if (body === undefined) response.end();
    else response.end(body);
  }
}

/** The message of a request, "body" when that holds it, or the status that refuses the request. */
function readRequest({ url, method, headers }: Http2ServerRequest): Buffer | 'body' | number {
  const question = url.indexOf('?');
  if ((question === -1 ? url : url.slice(0, question)) !== path) return 404;
  if (method === 'POST') return headers['content-type'] === mediaType ? 'body' : 415;
  if (method !== 'GET') return 405;
  if (url.length > maxEncoded + 1000) return 414;
  const given = question === -1 ? [] : new URLSearchParams(url.slice(question)).getAll('dns');
  const [encoded = ''] = given;
  if (given.length !== 1 || !/^[\w-]+$/.test(encoded)) return 400;
  return encoded.length > maxEncoded ? 414 : Buffer.from(encoded, 'base64url');
}

/** A header alone is an answer that may not be kept. */
function ageOf(reply: Uint8Array): number {
  try {
    return freshness(reply);
  } catch {
    return 0;
  }
}
