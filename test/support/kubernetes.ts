// A real Kubernetes API server with an etcd of its own, and what a test does with it: objects, service accounts, kubeconfig files.
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from 'ferrydns/testing';
import { parseAllDocuments } from 'yaml';
import { needs } from '../services/needs.ts';
import { Etcd, endNow } from './etcd.ts';
import { type Ask, ask, pem, pemFile } from './http.ts';

const howToGet =
  "'npm run test:kubernetes' builds it with Go, or download it from https://kubernetes.io/releases/download/ and name its folder in FERRYDNS_PROGRAMS";
/** Milliseconds that the API server may take to come up, on a machine with a lot to do. */
const patience = 60_000;
/** Requests at one time, where there are many. */
const atOnce = 16;
/** May do everything. */
export const adminToken = 'the-token-of-the-admin';

/** As much of an object as tests need. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The folder in which a Pod finds its service account, made by {@link KubernetesApi.accountFolder}. */
export interface AccountFolder {
  readonly folder: string;
  /** The environment variables of a Pod. */
  readonly environment: { readonly KUBERNETES_SERVICE_HOST: string; readonly KUBERNETES_SERVICE_PORT: string };
}

export interface KubeconfigWords {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly namespace?: string;
  readonly port?: number;
}

/** `await using` ends it and removes everything. */
export class KubernetesApi implements AsyncDisposable {
  readonly port: number;
  /** Holds what tests write with this API server in mind; removed in the end. */
  readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-kubernetes-'));
  readonly etcd: Etcd;
  /** For many requests. */
  private readonly agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(etcd: Etcd, port: number) {
    this.etcd = etcd;
    this.port = port;
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(this.file('account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
    writeFileSync(this.file('account.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(this.file('tokens.csv'), `${adminToken},admin,1,"system:masters"\n`);
  }

  /** Resolves when it answers, with the namespaces that were asked for. */
  static async start(...namespaces: readonly string[]): Promise<KubernetesApi> {
    const api = new KubernetesApi(await Etcd.start(), await freePort());
    try {
      await api.start();
      for (const name of namespaces) await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      return api;
    } catch (error) {
      await api[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  /** Starts it again, at the same place and with what it knew; `certificate` is a name of test/support/certificates. */
  async start({ certificate = 'server' }: { readonly certificate?: 'server' | 'expired' } = {}): Promise<void> {
    const program = needs('kube-apiserver', howToGet);
    const args = [
      ['etcd-servers', this.etcd.url],
      ['bind-address', '127.0.0.1'],
      ['secure-port', `${this.port}`],
      ['cert-dir', this.folder],
      ['tls-cert-file', pemFile(`${certificate}.crt`)],
      ['tls-private-key-file', pemFile(`${certificate}.key`)],
      ['service-account-issuer', 'https://kubernetes.test'],
      ['service-account-key-file', this.file('account.pub')],
      ['service-account-signing-key-file', this.file('account.key')],
      ['token-auth-file', this.file('tokens.csv')],
      ['authorization-mode', 'RBAC'],
      ['service-cluster-ip-range', '10.0.0.0/16,fd00:10::/112'],
      ['disable-admission-plugins', 'ServiceAccount'],
    ].map(([flag, value]) => `--${flag}=${value}`);
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = started;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (this.output += String(chunk)));
    for (const deadline = Date.now() + patience; !(await this.isReady()); await delay(100)) {
      if (started.exitCode !== null || Date.now() > deadline) throw new Error(`kube-apiserver does not come up:\n${this.output.slice(-3000)}`);
    }
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    await endNow(process);
  }

  /** Asks as the admin; rejects when the answer is no success. */
  async call<T = unknown>(method: string, path: string, object?: unknown, type?: string, agent?: Agent): Promise<T> {
    const body = object === undefined ? {} : { body: JSON.stringify(object) };
    const { status, body: text } = await this.ask({ method, path, ...body, ...(agent === undefined ? {} : { agent }) }, type);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Creates an object in its namespace, "default" where it has none. */
  create(object: KubernetesObject): Promise<unknown> {
    return this.call('POST', pathOf(object), object);
  }

  /** Creates them, a few at a time and on connections that stay open: for thousands of them. */
  async fill(objects: Iterable<KubernetesObject>): Promise<void> {
    const rest = objects[Symbol.iterator]();
    const work = async () => {
      for (let next = rest.next(); next.done !== true; next = rest.next()) {
        await this.call('POST', pathOf(next.value), next.value, undefined, this.agent);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  /** Puts an object in the place of the one that has its name, whatever that is now, on a connection that stays open. */
  async replace(object: KubernetesObject): Promise<void> {
    await this.call('PUT', `${pathOf(object)}/${object.metadata.name}`, object, undefined, this.agent);
  }

  /** Creates every object of a manifest that is not there yet. */
  async apply(manifest: string): Promise<void> {
    for (const document of parseAllDocuments(manifest)) {
      const object = document.toJS() as KubernetesObject;
      const known = await this.ask({ method: 'GET', path: `${pathOf(object)}/${object.metadata.name}` });
      if (known.status === 404) await this.create(object);
    }
  }

  /** As `kubectl apply --server-side --force-conflicts` does; a field that the API server does not know is an error. */
  async applyOver(object: KubernetesObject): Promise<void> {
    const place = `${pathOf(object)}/${object.metadata.name}?fieldManager=kubectl&force=true&fieldValidation=Strict`;
    await this.call('PATCH', place, object, 'application/apply-patch+yaml');
  }

  /** Creates an object, or puts it in the place of the one that has its name, with what it says of its status. */
  async put(object: KubernetesObject): Promise<void> {
    const place = `${pathOf(object)}/${object.metadata.name}`;
    const known = await this.ask({ method: 'GET', path: place });
    if (known.status === 404) await this.create(object);
    else {
      const { metadata } = JSON.parse(known.body) as KubernetesObject;
      await this.call('PUT', place, { ...object, metadata: { ...object.metadata, resourceVersion: metadata['resourceVersion'] } });
    }
    if (object['status'] === undefined) return;
    const { metadata } = JSON.parse((await this.ask({ method: 'GET', path: place })).body) as KubernetesObject;
    await this.call('PUT', `${place}/status`, { ...object, metadata: { ...object.metadata, resourceVersion: metadata['resourceVersion'] } });
  }

  /** Defines a kind of objects; resolves when there can be some. */
  async define(definition: KubernetesObject): Promise<void> {
    await this.create(definition);
    const { group, names, versions } = definition['spec'] as { group: string; names: { plural: string }; versions: readonly { name: string }[] };
    const path = `/apis/${group}/${versions[0]?.name}/${names.plural}`;
    for (const deadline = Date.now() + patience; (await this.ask({ method: 'GET', path })).status !== 200; await delay(100)) {
      if (Date.now() > deadline) throw new Error(`${path} is not served`);
    }
  }

  async delete(object: KubernetesObject): Promise<void> {
    await this.call('DELETE', `${pathOf(object)}/${object.metadata.name}`);
  }

  /** A token of a service account, as a Pod has it; valid as long as the Secret is there that it is bound to. */
  async tokenOf(namespace: string, account: string, secret?: { readonly name: string; readonly uid: string }): Promise<string> {
    const bound = secret === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', ...secret } };
    const wanted = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600, ...bound } };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    return (await this.call<{ readonly status: { readonly token: string } }>('POST', path, wanted)).status.token;
  }

  /** A kubeconfig file with this token, the admin's unless given, or the token that is in a file; by another port than its own, if given. */
  kubeconfig({ token = adminToken, tokenFile, namespace = 'default', port = this.port }: KubeconfigWords = {}): string {
    const trusted = ['authority.crt', 'expired.crt'].map(pem).join('');
    const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': Buffer.from(trusted).toString('base64') };
    const config = {
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user: tokenFile === undefined ? { token } : { tokenFile } }],
    };
    const file = this.file(`kubeconfig-${crypto.randomUUID()}`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  /** What a Pod of this namespace with this token finds in its file system and its environment. */
  accountFolder(namespace: string, token: string): AccountFolder {
    const folder = this.file(`account-${crypto.randomUUID()}`);
    mkdirSync(folder);
    for (const [name, text] of Object.entries({ token, namespace, 'ca.crt': pem('authority.crt') })) writeFileSync(join(folder, name), text);
    return { folder, environment: { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${this.port}` } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.agent.destroy();
    await this.kill();
    await this.etcd[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(name: string): string {
    return join(this.folder, name);
  }

  private async isReady(): Promise<boolean> {
    const found = await this.ask({ method: 'GET', path: '/readyz' }).catch(() => undefined);
    return found?.status === 200;
  }

  private ask(request: Omit<Ask, 'port' | 'tls' | 'headers'>, type = 'application/json') {
    // Its certificate may be the one that has expired.
    return ask({
      ...request,
      port: this.port,
      tls: { rejectUnauthorized: false },
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': type },
    });
  }
}

/** Where objects of this kind are. */
function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const plural = `${kind.toLowerCase()}s`;
  const isInNone = ['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'Namespace'].includes(kind);
  return isInNone ? `${group}/${plural}` : `${group}/namespaces/${metadata.namespace ?? 'default'}/${plural}`;
}
