// Asks the API server: who asks and whom to trust, how often, what is counted, and what its refusals say.
import type { Agent, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { trustSystemAuthorities } from 'ferrydns/built-in';
import type { KubernetesAccess } from 'ferrydns/built-in/kubernetes';
import { pause } from './back-off.ts';
import { protobufType, readStatus } from './envelope.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Throttle } from './throttle.ts';

// Imported, node:http would load much that nobody needs here.
const { http, https } = { http: process.getBuiltinModule('node:http'), https: process.getBuiltinModule('node:https') };

const json = 'application/json';
/** Milliseconds until the headers of an answer must be there. */
const patience = 15_000;
/** Milliseconds of silence after which the kernel asks whether the other end is still there. */
const keepAlive = 10_000;
/** Octets of a refusal that are read. */
const mostRefusal = 64 << 10;

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number;
  /** As the API has it: "Expired", "Forbidden". */
  readonly reason: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor({ status, reason, message, retryAfter }: { status: number; reason: string; message: string; retryAfter?: number | undefined }) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

export interface ApiClientOptions {
  readonly access: KubernetesAccess;
  readonly throttle: Throttle;
  readonly metrics: ApiMetrics;
  readonly userAgent: string;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export class ApiClient {
  readonly url: string;
  private readonly options: ApiClientOptions;
  private readonly agent: Agent;

  constructor(options: ApiClientOptions) {
    const { url } = options.access;
    this.options = options;
    this.url = url;
    const kept = { keepAlive: true };
    if (url.startsWith('https:') && options.access.trust.ca === undefined) trustSystemAuthorities();
    this.agent = url.startsWith('https:') ? new https.Agent(kept) : new http.Agent(kept);
  }

  /**
   * Resolves to the answer when its headers are there and it is a success; its body is the caller's. It is JSON, or of the type that the caller rather has.
   * Rejects with an ApiError for any other status.
   */
  async get(path: string, query: URLSearchParams, signal: AbortSignal, rather?: string): Promise<IncomingMessage> {
    const { throttle, metrics, now } = this.options;
    const delay = throttle.delay();
    metrics.waited(delay);
    if (delay > 0) await pause(delay, signal);
    await throttle.enter();
    const begun = now();
    try {
      const response = await this.request(`${this.url}${path}?${query}`, rather === undefined ? json : `${rather}, ${json}`, signal);
      metrics.answered(response.statusCode ?? 0, now() - begun);
      if (response.statusCode === 200) return response;
      throw await this.refusal(response);
    } catch (error) {
      if (!(error instanceof ApiError) && !signal.aborted) metrics.failed(now() - begun);
      throw error;
    } finally {
      throttle.leave();
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async request(url: string, accept: string, signal: AbortSignal): Promise<IncomingMessage> {
    const { access, userAgent } = this.options;
    const { token, cert, key } = await access.identity();
    const headers = { accept, 'user-agent': userAgent, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const options = { method: 'GET', headers, agent: this.agent, signal, ...known({ ...access.trust, cert, key }) };
    return new Promise((resolve, reject) => {
      const sent = (url.startsWith('https:') ? https : http).request(url, options);
      const silence = setTimeout(() => sent.destroy(new Error(`no answer within ${patience / 1000} s`)), patience);
      sent.once('socket', (socket) => (socket as TLSSocket).setKeepAlive(true, keepAlive));
      sent.on('error', (error) => {
        clearTimeout(silence);
        reject(error);
      });
      sent.once('response', (response) => {
        clearTimeout(silence);
        resolve(response);
      });
      sent.end();
    });
  }

  private async refusal(response: IncomingMessage): Promise<ApiError> {
    const status = response.statusCode ?? 0;
    if (status === 401) this.options.access.refused();
    const body = await beginningOf(response);
    const after = Number(response.headers['retry-after']);
    const retryAfter = Number.isFinite(after) && after > 0 ? after * 1000 : undefined;
    if (response.headers['content-type']?.startsWith(protobufType))
      return apiError(
        statusIn(() => readStatus(body)),
        { status, retryAfter },
      );
    const text = body.toString('utf8');
    return apiError(
      statusIn(() => JSON.parse(text)),
      { status, text, retryAfter },
    );
  }
}

/** A Status object of the API. */
export interface ApiStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** The error that a Status object stands for. */
export function apiError(
  told: ApiStatus,
  more: { readonly status?: number; readonly text?: string; readonly retryAfter?: number | undefined } = {},
): ApiError {
  const status = more.status ?? told.code ?? 500;
  const message = told.message ?? `status ${status}${more.text ? `: ${more.text.slice(0, 200)}` : ''}`;
  return new ApiError({ status, reason: told.reason ?? '', message, retryAfter: more.retryAfter });
}

/** Why something failed, in one line, as others may have written it, and without the advice of Node to whoever starts programs by it. */
export function reasonOf({ message }: Error): string {
  return message
    .replace(/; if the root CA is installed locally.*$/s, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
}

function statusIn(parse: () => unknown): ApiStatus {
  try {
    const parsed = parse();
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

async function beginningOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunks.reduce((sum, { length }) => sum + length, 0) > mostRefusal) break;
    }
  } catch {
    // What came says enough.
  }
  response.destroy();
  return Buffer.concat(chunks);
}

function known<T extends object>(settings: T): { readonly [name in keyof T]?: NonNullable<T[name]> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as { [name in keyof T]?: NonNullable<T[name]> };
}
