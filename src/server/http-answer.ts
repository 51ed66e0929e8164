// One HTTP request: what a plugin is given of it, and how its response is sent, at once or piece by piece.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { messageOf } from '../config/error.ts';
import type { HttpRequest, HttpResponse } from '../plugin/plugin.ts';
import type { Service } from './http-routes.ts';

/** Octets of a request's body at most. */
const mostBody = 64 * 1024;

/** What a listener has that its requests share. */
export interface Surroundings {
  readonly address: string;
  /** Who answers for a path. */
  find(path: string): Service | undefined;
  /** One for each response that is sent piece by piece; aborted to end it. */
  readonly streams: Set<AbortController>;
  readonly mostStreams: number;
  /** Milliseconds that a client may take to read what has been sent. */
  readonly patience: number;
}

/** Answers one request. Never rejects: whatever fails is answered, or the connection is over anyway. */
export async function answer(request: IncomingMessage, response: ServerResponse, around: Surroundings): Promise<void> {
  response.on('error', () => undefined);
  try {
    await give(request, response, around);
  } catch (error) {
    // What a plugin gave cannot be sent.
    if (response.headersSent) response.destroy();
    else send(request, response, { reply: plain(500, messageOf(error)), patience: around.patience });
  }
}

async function give(request: IncomingMessage, response: ServerResponse, around: Surroundings): Promise<void> {
  const { address, patience, streams, mostStreams } = around;
  const url = URL.parse(request.url ?? '/', 'http://localhost');
  const service = url === null ? undefined : around.find(url.pathname);
  const refuse = service?.refuse ?? plain;
  const reply = await respond({ request, url, service, address }).catch((error: unknown) => refuse(500, messageOf(error)));
  const { stream } = reply;
  if (stream === undefined || request.method === 'HEAD') return send(request, response, { reply, patience });
  if (streams.size >= mostStreams) return send(request, response, { reply: refuse(503, `${mostStreams} streams are open already`), patience });
  writeHead(response, reply);
  response.write(reply.body);
  await pour(stream, response, around);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { reply, patience }: { readonly reply: HttpResponse; readonly patience: number },
): void {
  // What is still on its way is not read, so the next request cannot be found behind it.
  if (!request.complete) response.shouldKeepAlive = false;
  writeHead(response, reply);
  response.setTimeout(patience);
  response.end(request.method === 'HEAD' ? undefined : reply.body);
  request.resume();
}

function writeHead(response: ServerResponse, { status, contentType, headers }: HttpResponse): void {
  response.writeHead(status, { ...headers, 'content-type': contentType ?? 'text/plain; charset=utf-8' });
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL | null;
  readonly service: Service | undefined;
  readonly address: string;
}

async function respond({ request, url, service, address }: Asked): Promise<HttpResponse> {
  if (url === null || service === undefined) return { status: 404, body: '404 page not found\n' };
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const method = request.method ?? 'GET';
  const body = method === 'POST' ? await readBody(request) : '';
  if (body === undefined) return (service.refuse ?? plain)(413, `more than ${mostBody} octets`);
  const client = subjectOf(request);
  const asked: HttpRequest = { method, url, headers, body, from: request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? address };
  return service.respond(client === undefined ? asked : { ...asked, client });
}

/** The name in a certificate that was verified. */
function subjectOf({ socket }: IncomingMessage): string | undefined {
  const { authorized } = socket as Partial<TLSSocket>;
  if (authorized !== true) return undefined;
  const name: unknown = (socket as TLSSocket).getPeerCertificate().subject?.CN;
  return Array.isArray(name) ? name.join(', ') : typeof name === 'string' ? name : 'a certificate without a name';
}

/** Undefined when there is more than anybody has to say. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The connection is needed to say that it was too much.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends pieces as they come and the client takes them, until they end, the client is gone or slow, or the stream is ended from here. */
async function pour(stream: NonNullable<HttpResponse['stream']>, response: ServerResponse, around: Surroundings): Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const end = () => ending.abort();
  around.streams.add(ending);
  response.on('close', end);
  // Here and not behind the pieces: their source may notice late that the client is gone.
  signal.addEventListener('abort', () => {
    around.streams.delete(ending);
    response.setTimeout(around.patience);
    response.end();
  });
  try {
    for await (const piece of stream(signal)) {
      if (signal.aborted) break;
      if (!response.write(piece)) await once(response, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(around.patience)]) });
    }
  } catch {
    // Half an answer must not look whole.
    if (!signal.aborted) response.destroy();
  } finally {
    response.off('close', end);
    end();
  }
}

function plain(status: number, reason: string): HttpResponse {
  return { status, body: `${status} ${reason}\n` };
}
