// One request of DNS over HTTPS (RFC 8484), by any version of HTTP: reads its message, and answers once.
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { freshness } from '../dns/freshness.ts';
import { type Answerer, maxMessage, pending } from './answerer.ts';
import { messageType, queryPath } from './https-names.ts';
import type { RequestConnection } from './request-connection.ts';
import { RequestPeer } from './request-peer.ts';

/** Where a request came, and who answers it, with room for an answer that is used within one turn. */
export interface HttpsAnswering {
  readonly connection: RequestConnection;
  readonly answerer: Answerer;
  readonly out: Buffer;
  /** Milliseconds until a request has to be whole. */
  readonly read: number;
  /** Is told the HTTP status of every response. */
  readonly responded?: ((status: number) => void) | undefined;
}

/** Characters of the longest message in base64url. */
const maxEncoded = Math.ceil((maxMessage * 4) / 3);
/** Seconds that an HTTP cache may keep an answer at most, as in CoreDNS. */
const maxAge = 3600;

export class HttpsRequest {
  private readonly request: Http2ServerRequest;
  private readonly response: Http2ServerResponse;
  private readonly answering: HttpsAnswering;
  private readonly reading: NodeJS.Timeout;
  private peer: RequestPeer | undefined;
  private isAnswered = false;

  constructor(request: Http2ServerRequest, response: Http2ServerResponse, answering: HttpsAnswering) {
    this.request = request;
    this.response = response;
    this.answering = answering;
    // The time of the whole request, however it trickles in.
    this.reading = setTimeout(() => this.refuse(408), answering.read);
    answering.connection.began();
    request.on('error', () => response.stream?.close());
    response.on('error', () => {});
    response.on('close', () => this.closed());
  }

  take(): void {
    const asked = readRequest(this.request);
    if (typeof asked === 'number') this.refuse(asked);
    else if (asked === 'body') this.answerBody();
    else this.answer(asked);
  }

  private answerBody(): void {
    const pieces: Buffer[] = [];
    let length = 0;
    this.request.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > maxMessage) this.refuse(413);
      else pieces.push(piece);
    });
    this.request.on('end', () => {
      if (!this.isAnswered) this.answer(Buffer.concat(pieces));
    });
  }

  private answer(message: Buffer): void {
    clearTimeout(this.reading);
    const { connection, answerer, out } = this.answering;
    const peer = new RequestPeer('https', connection.addresses, {
      send: (reply) => this.respond(200, headersOf(reply), Buffer.from(reply)),
      sendNothing: () => this.refuse(500),
    });
    this.peer = peer;
    const length = answerer.answer(message, 0, message.length, peer, out);
    if (length === pending) return;
    if (length > 0) peer.send(out.subarray(0, length));
    // What is no query has no answer; HTTP needs one.
    else this.refuse(400);
  }

  private refuse(status: number): void {
    const allow = status === 405 ? { allow: 'GET, POST' } : {};
    // What is left of a body that is too long or too slow is not waited for.
    const close = (status === 413 || status === 408) && this.request.httpVersionMajor === 1 ? { connection: 'close' } : {};
    this.respond(status, { 'content-length': 0, ...allow, ...close });
  }

  private respond(status: number, headers: Record<string, string | number>, body: Buffer = Buffer.alloc(0)): void {
    const { request, response } = this;
    if (this.isAnswered) return;
    this.isAnswered = true;
    clearTimeout(this.reading);
    const { connection, responded } = this.answering;
    responded?.(status);
    const taken = connection.sending();
    response.on('close', taken);
    response.on('finish', () => {
      taken();
      // By HTTP/2 the stream of a body that is not read would stay open.
      if (!request.complete) response.stream?.close();
    });
    response.writeHead(status, headers);
    response.end(body);
  }

  private closed(): void {
    this.isAnswered = true;
    clearTimeout(this.reading);
    this.peer?.gone();
    this.answering.connection.ended();
  }
}

/** The message of a request, "body" when that holds it, or the status that refuses the request. */
function readRequest({ url, method, headers }: Http2ServerRequest): Buffer | 'body' | number {
  const question = url.indexOf('?');
  if ((question === -1 ? url : url.slice(0, question)) !== queryPath) return 404;
  if (method === 'POST') return headers['content-type'] === messageType ? 'body' : 415;
  if (method !== 'GET') return 405;
  if (url.length > maxEncoded + 1000) return 414;
  const given = question === -1 ? [] : new URLSearchParams(url.slice(question)).getAll('dns');
  const [encoded = ''] = given;
  if (given.length !== 1 || !/^[\w-]+$/.test(encoded)) return 400;
  return encoded.length > maxEncoded ? 414 : Buffer.from(encoded, 'base64url');
}

function headersOf(reply: Uint8Array): Record<string, string | number> {
  return { 'content-type': messageType, 'cache-control': `max-age=${Math.min(ageOf(reply), maxAge)}`, 'content-length': reply.length };
}

/** A header alone is an answer that may not be kept. */
function ageOf(reply: Uint8Array): number {
  try {
    return freshness(reply);
  } catch {
    return 0;
  }
}
