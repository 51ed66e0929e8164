// Reads a kubeconfig file: where the API server is, whom to trust, and who asks.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../config/error.ts';
import { ExecCredential, type ExecSpec } from './exec-credential.ts';
import { type ApiIdentity, type ApiTrust, apiUrl, type KubernetesAccess, pemIn } from './kubernetes-access.ts';

type Settings = Readonly<Record<string, unknown>>;

/** Throws an Error that names the file and what is wrong with it. `context` is the current one of the file unless given. */
export function accessByFile(file: string, context: string | undefined): KubernetesAccess {
  try {
    return readAccess(file, context);
  } catch (error) {
    throw new Error(`${file}: ${messageOf(error)}`);
  }
}

function readAccess(file: string, wanted: string | undefined): KubernetesAccess {
  const config = settings(parseText(readFileSync(file, 'utf8')), 'kubeconfig');
  const current = wanted ?? text(config['current-context']);
  if (current === undefined) throw new Error('no current-context, expected the name of a context');
  const context = find(config, { list: 'contexts', kind: 'context', name: current });
  const cluster = find(config, { list: 'clusters', kind: 'cluster', name: text(context['cluster']) ?? '' });
  const user = find(config, { list: 'users', kind: 'user', name: text(context['user']) ?? '' });
  const url = apiUrl(text(cluster['server']) ?? '');
  const trust = trustOf(cluster, dirname(file));
  return { url, trust, namespace: text(context['namespace']) ?? 'default', ...whoAsks(user, dirname(file), { url, trust }) };
}

/** Only who has such a file pays for the reader of YAML. */
function parseText(yaml: string): unknown {
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return parse(yaml);
}

function trustOf(cluster: Settings, folder: string): ApiTrust {
  const servername = text(cluster['tls-server-name']);
  return {
    ca: pemOf(cluster, 'certificate-authority', folder),
    ...(servername === undefined ? {} : { servername }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
  };
}

function whoAsks(user: Settings, folder: string, cluster: ExecSpec['cluster']): Pick<KubernetesAccess, 'identity' | 'refused'> {
  if (user['auth-provider'] !== undefined) throw new Error("a user with an auth-provider, expected a token, certificates or 'exec'");
  const exec = user['exec'];
  const program = exec === undefined ? undefined : new ExecCredential(execSpec(settings(exec, 'exec'), folder, cluster));
  const fixed = text(user['token']);
  const tokenFile = text(user['tokenFile']);
  const own = (): ApiIdentity => ({
    token: tokenFile === undefined ? fixed : readFileSync(resolve(folder, tokenFile), 'utf8').trim(),
    cert: pemOf(user, 'client-certificate', folder),
    key: pemOf(user, 'client-key', folder),
  });
  own();
  return {
    identity: async () => ({ ...own(), ...(program === undefined ? {} : await program.current()) }),
    refused: () => program?.forget(),
  };
}

function execSpec(exec: Settings, folder: string, cluster: ExecSpec['cluster']): ExecSpec {
  const command = text(exec['command']);
  if (command === undefined) throw new Error("no command in 'exec', expected the program that knows the credentials");
  const args = Array.isArray(exec['args']) ? exec['args'].map(String) : [];
  const env = Array.isArray(exec['env']) ? (exec['env'] as readonly Settings[]) : [];
  return {
    // A path is relative to the file, a bare name is looked for in PATH, as kubectl does.
    command: command.includes('/') ? resolve(folder, command) : command,
    args,
    environment: Object.fromEntries(env.map((each) => [String(each['name']), String(each['value'])])),
    apiVersion: text(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    ...(exec['provideClusterInfo'] === true ? { cluster } : {}),
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
  if (data !== undefined) return pemIn(Buffer.from(data, 'base64').toString('utf8'), `${name}-data`);
  const file = text(from[name]);
  return file === undefined ? undefined : pemIn(readFileSync(resolve(folder, file), 'utf8'), file);
}

function settings(found: unknown, what: string): Settings {
  if (typeof found !== 'object' || found === null) throw new Error(`no ${what}`);
  return found as Settings;
}

function text(found: unknown): string | undefined {
  return typeof found === 'string' && found !== '' ? found : undefined;
}
