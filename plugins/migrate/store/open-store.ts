// Opens the store that a plan names, with what this server has for it.
import { readFileSync } from 'node:fs';
import { accessByFile, accessInCluster } from 'ferrydns/built-in/kubernetes';
import type { StorePlace } from 'ferrydns/built-in/moves';
import { ConfigMapStore } from './configmap.ts';
import { EtcdStore } from './etcd.ts';
import type { Credentials } from './request.ts';
import type { Store } from './store.ts';

/** What is this server's own. Files are absolute paths, read when the store is opened. */
export interface StoreAccess {
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | undefined } | undefined;
  readonly login: { readonly user: string; readonly passwordFile: string } | undefined;
  readonly kubeconfig: { readonly file: string; readonly context: string | undefined } | undefined;
  /** Whether the replica has the name of its Pod. */
  readonly namedByPod: boolean;
}

export interface StoreWish {
  readonly place: Exclude<StorePlace, { readonly kind: 'journal' }>;
  readonly plan: string;
  /** Seconds. */
  readonly session: number;
  readonly access: StoreAccess;
}

/** Throws an Error that names the file or setting that is missing. */
export function openStore({ place, plan, session, access }: StoreWish): Store {
  // Within a session there is time for several attempts.
  const patience = Math.min(2000, (session * 1000) / 4);
  if (place.kind === 'etcd') {
    const { tls, login } = access;
    return new EtcdStore({ endpoints: place.endpoints, plan, credentials: readTls(tls), login: readLogin(login), patience });
  }
  const { kubeconfig } = access;
  const kubernetes = kubeconfig === undefined ? accessInCluster() : accessByFile(kubeconfig.file, kubeconfig.context);
  const namespace = place.namespace ?? kubernetes.namespace;
  return new ConfigMapStore({ access: kubernetes, namespace, name: place.name, plan, pods: kubeconfig === undefined && access.namedByPod, patience });
}

function readTls(tls: StoreAccess['tls']): Credentials {
  if (tls === undefined) return {};
  return { cert: read(tls.cert), key: read(tls.key), ca: tls.ca === undefined ? undefined : read(tls.ca) };
}

function readLogin(login: StoreAccess['login']): { readonly user: string; readonly password: string } | undefined {
  return login === undefined ? undefined : { user: login.user, password: read(login.passwordFile).trim() };
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
