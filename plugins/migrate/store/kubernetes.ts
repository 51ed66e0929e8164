// How the Kubernetes API is reached: from inside of a cluster by what every Pod is given, from outside by a kubeconfig file.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from 'ferrydns/plugin';
import { parse } from 'yaml';
import type { Credentials } from './request.ts';

export interface KubernetesAccess {
  readonly url: string;
  readonly credentials: Credentials;
  /** The namespace that names without one are in. */
  readonly namespace: string;
  /** The token as it is now: those of Pods are renewed on disk. Undefined: certificates say who asks. */
  token(): string | undefined;
}

const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws an Error that says what is missing when this is no Pod of a cluster. */
export function accessInCluster(environment: NodeJS.ProcessEnv = process.env, folder = account): KubernetesAccess {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || port === undefined) {
    throw new Error("no KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, expected to run in a cluster, or 'kubeconfig FILE'");
  }
  const ca = readFileSync(`${folder}/ca.crt`, 'utf8');
  const namespace = readFileSync(`${folder}/namespace`, 'utf8').trim();
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url, credentials: { ca }, namespace, token: () => readFileSync(`${folder}/token`, 'utf8').trim() };
}

type Settings = Readonly<Record<string, unknown>>;

/** Throws an Error that names the file and what is wrong with it. */
export function accessByFile(file: string, context: string | undefined): KubernetesAccess {
  try {
    return readAccess(file, context);
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`);
  }
}

function readAccess(file: string, wanted: string | undefined): KubernetesAccess {
  const config = settings(parse(readFileSync(file, 'utf8')), 'kubeconfig');
  const current = wanted ?? text(config['current-context']);
  if (current === undefined) throw new Error('no current-context, expected the name of a context');
  const context = find(config, { list: 'contexts', kind: 'context', name: current });
  const cluster = find(config, { list: 'clusters', kind: 'cluster', name: text(context['cluster']) ?? '' });
  const user = find(config, { list: 'users', kind: 'user', name: text(context['user']) ?? '' });
  if (user['exec'] !== undefined || user['auth-provider'] !== undefined) {
    throw new Error('a user that a program speaks for, expected a token or certificates');
  }
  const pem = (from: Settings, name: string) => pemOf(from, name, dirname(file));
  const url = (text(cluster['server']) ?? '').replace(/\/$/, '');
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw new Error(`'${url}' is not the URL of a Kubernetes API server`);
  const tokenFile = text(user['tokenFile']);
  const fixed = text(user['token']);
  return {
    url,
    credentials: { ca: pem(cluster, 'certificate-authority'), cert: pem(user, 'client-certificate'), key: pem(user, 'client-key') },
    namespace: text(context['namespace']) ?? 'default',
    token: () => (tokenFile === undefined ? fixed : readFileSync(resolve(dirname(file), tokenFile), 'utf8').trim()),
  };
}

/** What stands under `context` in the entry of this name of `contexts`, and so on. */
function find(config: Settings, { list, kind, name }: { readonly list: string; readonly kind: string; readonly name: string }): Settings {
  const entries = Array.isArray(config[list]) ? (config[list] as readonly (Settings | null)[]) : [];
  const entry = entries.find((each) => each?.['name'] === name);
  if (entry === undefined || entry === null) throw new Error(`no ${kind} '${name}' in ${list}`);
  return settings(entry[kind], `${kind} '${name}'`);
}

function pemOf(from: Settings, name: string, folder: string): string | undefined {
  const data = text(from[`${name}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = text(from[name]);
  return file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8');
}

function settings(found: unknown, what: string): Settings {
  if (typeof found !== 'object' || found === null) throw new Error(`no ${what}`);
  return found as Settings;
}

function text(found: unknown): string | undefined {
  return typeof found === 'string' && found !== '' ? found : undefined;
}
