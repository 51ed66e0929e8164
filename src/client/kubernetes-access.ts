// How the Kubernetes API is reached: from inside of a cluster by what every Pod is given, from outside by a kubeconfig file or by an address and certificates.
import { readFileSync } from 'node:fs';

/** PEM texts, as node:tls takes them, and what they are compared with. */
export interface ApiTrust {
  /** The authorities of the server; those that the system trusts where there are none. */
  readonly ca?: string | undefined;
  /** The name that its certificate must have, where that is not the host of the URL. */
  readonly servername?: string | undefined;
  /** False: any certificate will do. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** Who asks: by a token, by a certificate, or by both. */
export interface ApiIdentity {
  readonly token?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A way to an API server. */
export interface KubernetesAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly trust: ApiTrust;
  /** The namespace that names without one are in. */
  readonly namespace: string;
  /** Who asks, as it is now: tokens and certificates are renewed on disk. Rejects with an Error that names the file or program at fault. */
  identity(): Promise<ApiIdentity>;
  /** The server did not take the identity: the next one is made anew. */
  refused(): void;
}

/** What every Pod is given. */
export interface PodPlace {
  readonly environment: NodeJS.ProcessEnv;
  /** The folder of the service account. */
  readonly folder: string;
}

const thisPod: PodPlace = { environment: process.env, folder: '/var/run/secrets/kubernetes.io/serviceaccount' };

/** Throws an Error that says what is missing when this is no Pod of a cluster. */
export function accessInCluster({ environment, folder }: PodPlace = thisPod): KubernetesAccess {
  const address = apiAddress(environment);
  if (address === undefined) {
    throw new Error("no KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, expected to run in a cluster, or 'kubeconfig FILE'");
  }
  const read = (file: string) => readFileSync(`${folder}/${file}`, 'utf8');
  const namespace = read('namespace').trim();
  return {
    url: `https://${address}`,
    trust: { ca: pemIn(read('ca.crt'), `${folder}/ca.crt`) },
    namespace,
    identity: async () => ({ token: read('token').trim() }),
    refused() {},
  };
}

function apiAddress(environment: NodeJS.ProcessEnv): string | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined) return undefined;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The paths of PEM files. */
export interface ApiCertificates {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Throws an Error when the URL is none, or a file cannot be read. */
export function accessByAddress(url: string, files: ApiCertificates | undefined): KubernetesAccess {
  const read = (file: string) => pemIn(readFileSync(file, 'utf8'), file);
  const certificate = () => (files === undefined ? {} : { cert: read(files.cert), key: read(files.key) });
  certificate();
  return {
    url: apiUrl(url),
    trust: files === undefined ? {} : { ca: read(files.ca) },
    namespace: 'default',
    identity: async () => certificate(),
    refused() {},
  };
}

/** The text, as node:tls takes it; what holds no PEM it would pass over without a word. Throws an Error that names `what` it was to be. */
export function pemIn(text: string, what: string): string {
  if (!text.includes('-----BEGIN ')) throw new Error(`${what}: found no PEM, expected '-----BEGIN …'`);
  return text;
}

/** The URL of an API server without a slash at its end; "HOST:PORT" is HTTP, as kubectl has it. Throws an Error when it is none. */
export function apiUrl(text: string): string {
  const hasScheme = /^[a-z]+:\/\//i.test(text);
  const url = hasScheme ? text : `http://${text}`;
  const hasPath = !hasScheme && /\/./.test(text);
  if (hasPath || !/^https?:/i.test(url) || !URL.canParse(url)) throw new Error(`'${text}' is not the URL of a Kubernetes API server`);
  return url.replace(/\/+$/, '');
}
