// Asks the admin address of a server that runs: over TCP, TLS or a socket file.

import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { messageOf } from '../config/error.ts';
import { trustSystemAuthorities } from '../transport/authorities.ts';

/** The flags that say how to reach it, for every command that does. */
export const connectionFlags = {
  admin: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  token: { type: 'string' },
} as const;

export const connectionUsage = `  -admin   where the server is asked: HOST:PORT, unix:PATH or https://HOST:PORT (FERRYDNS_ADMIN, else 127.0.0.1:9180)
  -ca      the file of the authority that signed the server's certificate
  -cert, -key  the files of the certificate to show and of its key
  -token   the file whose first line is the token (FERRYDNS_TOKEN_FILE)`;

/** What the flags say; files by their names. */
export interface Connection {
  readonly admin?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly token?: string | undefined;
}

/** The server has answered, and refuses. Asking again does not help. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Milliseconds without a word from the server; a stream of events has a comment every 15 s. */
const patience = { answer: 10_000, stream: 45_000 };

export class AdminClient {
  /** As messages name it: "http://127.0.0.1:9180". */
  readonly place: string;
  private readonly options: RequestOptions;
  private readonly secure: boolean;

  /** Throws an Error when a file cannot be read or the flags do not fit. */
  constructor(connection: Connection, environment: NodeJS.ProcessEnv = process.env) {
    const admin = connection.admin ?? environment['FERRYDNS_ADMIN'] ?? '127.0.0.1:9180';
    const token = connection.token ?? environment['FERRYDNS_TOKEN_FILE'];
    const { place, options, secure } = readPlace(admin);
    const { ca, cert, key } = connection;
    if (!secure && (ca ?? cert ?? key) !== undefined) throw new Error(`-ca, -cert and -key are for https://HOST:PORT, found -admin ${admin}`);
    if ((cert === undefined) !== (key === undefined)) throw new Error('-cert and -key are given together');
    if (secure) trustSystemAuthorities();
    this.place = place;
    this.secure = secure;
    this.options = {
      ...options,
      ...(ca === undefined ? {} : { ca: readNamed('ca', ca) }),
      ...(cert === undefined || key === undefined ? {} : { cert: readNamed('cert', cert), key: readNamed('key', key) }),
      headers: token === undefined ? {} : { authorization: `Bearer ${readToken(token)}` },
    };
  }

  /** Rejects with a Refusal that has the server's reason, or with an Error when it cannot be asked. */
  get(path: string): Promise<unknown> {
    return this.read(path, { method: 'GET' });
  }

  /** The same for an order. */
  post(path: string, body: unknown): Promise<unknown> {
    return this.read(path, { method: 'POST', body: JSON.stringify(body) });
  }

  /** The data of events as they come; ends when the server ends the stream. Rejects as {@link get} does. */
  async *events(path: string, signal: AbortSignal): AsyncGenerator<unknown, void> {
    const response = await this.ask(path, { method: 'GET', signal });
    response.socket.setTimeout(patience.stream);
    let text = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = event.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) yield JSON.parse(data.slice('data: '.length));
      }
    }
  }

  private async read(path: string, how: How): Promise<unknown> {
    return JSON.parse(await textOf(await this.ask(path, how)));
  }

  private async ask(path: string, how: How): Promise<IncomingMessage> {
    const response = await this.send(path, how);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    const reason = reasonIn(await textOf(response));
    if (status === 401 && reason !== undefined) throw new Refusal(status, `${reason}: -token FILE or FERRYDNS_TOKEN_FILE says which file it is in`);
    const missing = status === 404 ? /^no such (plan|pool): /.exec(reason ?? '')?.[1] : undefined;
    if (missing === 'plan' || missing === 'pool') throw new Refusal(status, `${reason}: ${await this.namesOf(missing)}`);
    throw new Refusal(status, reason ?? `${this.place}${path}: status ${status}, expected the admin address of a ferrydns`);
  }

  /** What there is instead of what was asked for. */
  private async namesOf(kind: 'plan' | 'pool'): Promise<string> {
    const found = (await this.get(kind === 'plan' ? '/migrations' : '/pools')) as readonly Readonly<Record<string, unknown>>[];
    const names = found.map((each) => String(each[kind]));
    const there = names.length === 0 ? `no ${kind}` : `the ${kind}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
    return `the server at ${this.place} has ${there}${kind === 'pool' ? ', or it has no admin' : ''}`;
  }

  private send(path: string, { method, body, signal }: How): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.options.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
      const options = { ...this.options, path, method, headers, agent: false as const, ...(signal === undefined ? {} : { signal }) };
      const { request: ask } = process.getBuiltinModule(this.secure ? 'node:https' : 'node:http');
      const request = ask(options);
      request.on('response', resolve);
      request.on('error', (error: NodeJS.ErrnoException) => reject(new Error(`${this.place}${path}: ${this.reasonOf(error)}`, { cause: error })));
      request.setTimeout(patience.answer, () => request.destroy(new Error(`no answer within ${patience.answer / 1000} s`)));
      request.end(body);
    });
  }

  /** What the system says, and what is likely behind it. */
  private reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
    const said = message.trim() || code;
    if (code === 'ECONNREFUSED' || code === 'ENOENT')
      return `${said}; nobody listens there, expected the admin address of a server that runs: -admin or FERRYDNS_ADMIN says where it is, and 'admin' in a Corefile opens one`;
    if (/SELF_SIGNED|UNABLE_TO_|UNTRUSTED/.test(code)) return `${said}; -ca says by which authority its certificate is known`;
    if (/CERTIFICATE_REQUIRED/.test(code)) return 'the server asks for a certificate, expected -cert and -key';
    if (code !== 'ECONNRESET') return said;
    return this.secure
      ? `${said}; where it asks for a certificate, it may not know the authority of this one`
      : `${said}; a server that speaks TLS is https://`;
  }
}

/** The file that a flag names; its error says which flag that was. */
function readNamed(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`-${flag} ${file}: ${messageOf(error)}`);
  }
}

interface How {
  readonly method: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

function readPlace(admin: string): { readonly place: string; readonly options: RequestOptions; readonly secure: boolean } {
  if (admin.startsWith('unix:')) return { place: admin, options: { socketPath: admin.slice('unix:'.length), host: 'localhost' }, secure: false };
  const url = URL.parse(/^https?:\/\//.test(admin) ? admin : `http://${admin}`);
  if (url === null || url.pathname !== '/' || url.search !== '' || !/:\d+\/?$/.test(admin)) {
    throw new Error(`-admin ${admin}: expected HOST:PORT, https://HOST:PORT or unix:PATH`);
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return {
    place: `${url.protocol}//${admin.replace(/^https?:\/\//, '').replace(/\/$/, '')}`,
    options: { host: url.hostname.replace(/^\[|\]$/g, ''), port },
    secure,
  };
}

function readToken(file: string): string {
  return readNamed('token', file).toString('utf8').split('\n', 1)[0]?.trim() ?? '';
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

function reasonIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { readonly reason?: string }).reason;
  } catch {
    return undefined;
  }
}
