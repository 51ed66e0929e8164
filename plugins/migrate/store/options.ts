// The options by which this server reaches the store of a plan.
import { hostname } from 'node:os';
import type { MigrateOptions, Move } from 'ferrydns/built-in/moves';
import type { SetupContext } from 'ferrydns/plugin';
import type { StoreAccess } from './open-store.ts';

/** What this server is called among those that share a plan; a server alone needs no name that outlives its machine. */
export function replicaOf({ replica }: MigrateOptions, { store }: Pick<Move, 'store'>, context: SetupContext): string {
  if (store.kind === 'journal') {
    if (replica !== undefined) context.fail("'replica' without a store that servers share, expected 'store etcd' or 'store configmap'", 'replica');
    return 'local';
  }
  return replica ?? hostname();
}

/** Refuses what belongs to another kind of store. */
export function readStoreAccess(options: MigrateOptions, { store }: Pick<Move, 'store'>, context: SetupContext): StoreAccess {
  const { store_tls: tls, store_credentials: login, kubeconfig, replica } = options;
  if (store.kind !== 'etcd' && tls !== undefined) context.fail("'store_tls' without 'store etcd'", 'store_tls');
  if (store.kind !== 'etcd' && login !== undefined) context.fail("'store_credentials' without 'store etcd'", 'store_credentials');
  if (store.kind !== 'configmap' && kubeconfig !== undefined) context.fail("'kubeconfig' without 'store configmap'", 'kubeconfig');
  const path = (file: string) => context.path(file);
  return {
    tls: tls === undefined ? undefined : { cert: path(tls.cert), key: path(tls.key), ca: tls.ca === undefined ? undefined : path(tls.ca) },
    login: login === undefined ? undefined : { user: login.user, passwordFile: path(login.passwordFile) },
    kubeconfig: kubeconfig === undefined ? undefined : { file: path(kubeconfig.file), context: kubeconfig.context },
    namedByPod: replica === undefined,
  };
}
