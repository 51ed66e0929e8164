// HTTP as a test asks it: over TCP, TLS and socket files, with any headers, whole answers and streams of events.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { type Agent, request as tlsRequest } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';

const folder = join(import.meta.dirname, 'certificates');

/** The text of a file of the folder `certificates`. */
export function pem(file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}

/** The path of a file of the folder `certificates`. */
export function pemFile(file: string): string {
  return join(folder, file);
}

export interface Ask {
  readonly port?: number | undefined;
  readonly host?: string;
  /** The path of a socket file; used in place of the port. */
  readonly socket?: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Has connections for many requests; each has one of its own without it. */
  readonly agent?: Agent;
  /** Present: TLS, with this certificate of the client; where `rejectUnauthorized` is false, whatever the server shows. */
  readonly tls?: { readonly cert?: string; readonly key?: string; readonly rejectUnauthorized?: boolean };
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The serial number of the server's certificate. */
  readonly serial?: string;
}

/** Asks on a connection of its own and resolves to the whole answer. */
export async function ask(how: Ask): Promise<Told> {
  const response = await open(how);
  const serial = how.tls === undefined ? {} : { serial: (response.socket as TLSSocket).getPeerCertificate().serialNumber };
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body, ...serial };
}

/** Asks on a connection of its own and resolves to the answer when its headers are there. */
export async function open({
  port = 0,
  host = '127.0.0.1',
  socket,
  path,
  method = 'GET',
  headers = {},
  body,
  tls,
  agent,
}: Ask): Promise<IncomingMessage> {
  const place = socket === undefined ? { host, port } : { socketPath: socket };
  const options: RequestOptions = { ...place, path, method, headers: { ...headers }, agent: agent ?? false };
  const request = tls === undefined ? plainRequest(options) : tlsRequest({ ...options, ca: pem('authority.crt'), ...tls });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** An event of a stream: its name and data; a comment has the name ''. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** The events of a stream as they come; ends with it. */
export async function* eventsOf(response: AsyncIterable<Buffer>): AsyncGenerator<ServerEvent, void> {
  let text = '';
  for await (const chunk of response) {
    text += chunk.toString();
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const lines = part.split('\n');
      const value = (field: string) => lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2) ?? '';
      if (lines.every((line) => line.startsWith(':'))) yield { name: '', data: part.slice(1).trim() };
      else if (value('event') !== '') yield { name: value('event'), data: value('data') };
    }
  }
}
