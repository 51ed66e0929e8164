// The store in etcd: one key for each plan, changed by a transaction that compares its revision. Spoken to through etcd's JSON gateway (API v3).
import { type Credentials, JsonClient, type JsonResponse } from './request.ts';
import { type Found, type Proposal, parseKept, type Store, type Swapped } from './store.ts';

export interface EtcdOptions {
  /** URLs of the members of one etcd cluster. */
  readonly endpoints: readonly string[];
  readonly plan: string;
  readonly credentials: Credentials;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  /** Milliseconds that an exchange may take. */
  readonly patience: number;
}

interface KeyValue {
  readonly value: string;
  readonly mod_revision: string;
}

interface RangeResponse {
  readonly kvs?: readonly KeyValue[];
}

interface TxnResponse {
  readonly header: { readonly revision: string };
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: RangeResponse }[];
}

const nothing: Found = { version: 0, kept: null };

export class EtcdStore implements Store {
  readonly place: string;
  private readonly options: EtcdOptions;
  private readonly client: JsonClient;
  private readonly key: string;
  /** Which endpoint is asked: the next one as soon as this one fails. */
  private turn = 0;
  private token: string | undefined;
  /** What was found or written last: revisions of a cluster that was set up anew begin at 1 again, and may come to the same number. */
  private seen: { readonly version: number; readonly text: string } | undefined;

  constructor(options: EtcdOptions) {
    this.options = options;
    this.client = new JsonClient(options.credentials, options.patience);
    const key = `/ferrydns/migrations/${options.plan}`;
    this.key = base64(key);
    this.place = `${options.endpoints.join(', ')} key ${key}`;
  }

  /** Reads what a majority of the cluster has agreed on. */
  async read(): Promise<Found> {
    return this.found((await this.call('/v3/kv/range', { key: this.key })) as RangeResponse);
  }

  async swap({ expect, kept }: Proposal): Promise<Swapped> {
    const { key } = this;
    // A key that is not there has modification revision 0.
    const compare: object[] = [{ key, target: 'MOD', result: 'EQUAL', mod_revision: String(expect) }];
    if (expect > 0 && this.seen?.version === expect) compare.push({ key, target: 'VALUE', result: 'EQUAL', value: base64(this.seen.text) });
    const text = JSON.stringify(kept);
    const success = [{ request_put: { key, value: base64(text) } }];
    const response = (await this.call('/v3/kv/txn', { compare, success, failure: [{ request_range: { key } }] })) as TxnResponse;
    if (response.succeeded === true) {
      this.seen = { version: Number(response.header.revision), text };
      return { done: true, version: this.seen.version };
    }
    return { done: false, found: this.found(response.responses?.[0]?.response_range ?? {}) };
  }

  close(): void {
    this.client.close();
  }

  private found({ kvs }: RangeResponse): Found {
    const [held] = kvs ?? [];
    if (held === undefined) return nothing;
    const text = Buffer.from(held.value, 'base64').toString('utf8');
    this.seen = { version: Number(held.mod_revision), text };
    return { version: this.seen.version, kept: parseKept(text, this.place) };
  }

  /** One attempt at one endpoint: whether a failed one has happened is for the next reading to show. */
  private async call(path: string, body: unknown): Promise<unknown> {
    try {
      let response = await this.post(path, body);
      if (response.status === 401 && this.options.login !== undefined) {
        this.token = undefined;
        response = await this.post(path, body);
      }
      if (response.status === 200) return JSON.parse(response.text);
      throw new Error(`${this.endpoint}: status ${response.status}: ${messageIn(response)}`);
    } catch (error) {
      this.turn++;
      throw error;
    }
  }

  private async post(path: string, body: unknown): Promise<JsonResponse> {
    const { login } = this.options;
    if (login !== undefined) this.token ??= await this.authenticate(login);
    const headers = this.token === undefined ? {} : { authorization: this.token };
    return this.client.ask({ method: 'POST', url: `${this.endpoint}${path}`, body, headers });
  }

  private async authenticate({ user, password }: { readonly user: string; readonly password: string }): Promise<string> {
    const response = await this.client.ask({ method: 'POST', url: `${this.endpoint}/v3/auth/authenticate`, body: { name: user, password } });
    if (response.status !== 200) throw new Error(`${this.endpoint}: user ${user} is not let in: ${messageIn(response)}`);
    return (JSON.parse(response.text) as { readonly token: string }).token;
  }

  private get endpoint(): string {
    const { endpoints } = this.options;
    return endpoints[this.turn % endpoints.length] ?? '';
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function messageIn({ text }: JsonResponse): string {
  try {
    const { message, error } = JSON.parse(text) as { readonly message?: string; readonly error?: string };
    return message ?? error ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
