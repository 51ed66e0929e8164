// Asks a JSON service over HTTP or HTTPS, with connections that are kept and certificates of one's own.
import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { trustSystemAuthorities } from 'ferrydns/built-in';
import type { ApiTrust } from 'ferrydns/built-in/kubernetes';

/** Octets of an answer at most. */
const mostBody = 4 << 20;

/** The certificate of whoever asks, as PEM texts. */
interface Certificate {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Whom to trust, and the certificate of whoever asks where that is always the same. */
export interface Credentials extends ApiTrust, Certificate {}

export interface JsonRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of this request. */
  readonly certificate?: Certificate;
}

export interface JsonResponse {
  readonly status: number;
  readonly text: string;
}

// Imported, node:http would load much that nobody needs here.
const { http, https } = { http: process.getBuiltinModule('node:http'), https: process.getBuiltinModule('node:https') };

export class JsonClient {
  private readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  private readonly patience: number;
  private readonly trustsSystem: boolean;
  /** Exchanges on their way. */
  private pending = 0;
  private closing = false;

  /** `patience` is milliseconds for a whole exchange. */
  constructor(credentials: Credentials, patience: number) {
    this.patience = patience;
    this.trustsSystem = credentials.ca === undefined;
    const kept = { keepAlive: true, maxSockets: 4 };
    this.agents = { http: new http.Agent(kept), https: new https.Agent({ ...kept, ...defined(credentials) }) };
  }

  /** Rejects when there is no whole answer in time. */
  async ask(request: JsonRequest): Promise<JsonResponse> {
    this.pending++;
    try {
      return await this.exchange(request);
    } finally {
      this.pending--;
      this.closeIdle();
    }
  }

  /** What is on its way is let come to its end. */
  close(): void {
    this.closing = true;
    this.closeIdle();
  }

  private exchange({ method, url, headers = {}, body, certificate = {} }: JsonRequest): Promise<JsonResponse> {
    const secure = url.startsWith('https:');
    if (secure && this.trustsSystem) trustSystemAuthorities();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const typed =
      text === undefined ? headers : { ...headers, 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const signal = AbortSignal.timeout(this.patience);
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(new Error(signal.aborted ? `${url}: no answer within ${this.patience} ms` : `${url}: ${error.message}`));
      const respond = (response: IncomingMessage) => void collect(response).then(resolve, fail);
      const agent = secure ? this.agents.https : this.agents.http;
      const options = { method, headers: typed, signal, agent, ...defined(certificate) };
      const sent = (secure ? https : http).request(url, options, respond);
      sent.on('error', fail);
      sent.end(text);
    });
  }

  private closeIdle(): void {
    if (!this.closing || this.pending > 0) return;
    this.agents.http.destroy();
    this.agents.https.destroy();
  }
}

async function collect(response: IncomingMessage): Promise<JsonResponse> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBody) throw new Error(`an answer of more than ${mostBody} octets`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') };
}

/** Without what is undefined: node:tls takes that for a value. */
function defined<T extends Credentials>(credentials: T): { readonly [name in keyof T]?: NonNullable<T[name]> } {
  return Object.fromEntries(Object.entries(credentials).filter(([, value]) => value !== undefined)) as { [name in keyof T]?: NonNullable<T[name]> };
}
