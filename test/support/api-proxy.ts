// A way to a real API server by plain HTTP, as its admin, on which a test answers some requests itself: with refusals, and with what no API server says.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pem } from './http.ts';

/** Answered in place of the API server. */
export interface Refused {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiProxyTarget {
  readonly port: number;
  readonly token: string;
}

export class ApiProxy implements AsyncDisposable {
  /** Decides which requests are refused. */
  fault: (query: URLSearchParams) => Refused | undefined = () => undefined;
  /** Octets of bodies that went through. */
  octets = 0;
  readonly port: number;
  private readonly server: Server;
  private readonly target: ApiProxyTarget;
  private readonly agent = new Agent({ keepAlive: true, ca: pem('authority.crt') });

  private constructor(server: Server, target: ApiProxyTarget) {
    this.server = server;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => this.answer(request, response));
  }

  static async open(target: ApiProxyTarget): Promise<ApiProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ApiProxy(server, target);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends every connection. */
  cut(): void {
    this.server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    this.agent.destroy();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    const refused = this.fault(new URL(request.url ?? '/', this.url).searchParams);
    if (refused === undefined) this.forward(request, response);
    else refuse(response, refused);
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const { port, token } = this.target;
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    const far = tlsRequest({ host: '127.0.0.1', port, method: request.method, path: request.url, headers, agent: this.agent });
    const end = () => {
      far.destroy();
      response.destroy();
    };
    far.on('error', end);
    response.on('close', end);
    far.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      response.flushHeaders();
      answer.on('error', end);
      answer.on('data', (chunk: Buffer) => (this.octets += chunk.length));
      answer.pipe(response);
    });
    request.pipe(far);
  }
}

function refuse(response: ServerResponse, { status, reason, headers = {} }: Refused): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, reason, message: `${reason} ${status}` }));
}
