// The directive `migrate configmap`: which ConfigMaps hold plans, in which zones they may move names, and what is this server's own.
import { join } from 'node:path';
import { type AdminAccess, readAdminAccess, usualAdminAccess } from 'ferrydns/built-in/admin';
import { type MigrateOptions, readStorePlace, type StorePlace } from 'ferrydns/built-in/moves';
import type { Name, SetupContext, Word } from 'ferrydns/plugin';
import type { StoreAccess } from '../store/open-store.ts';
import { readStoreAccess, replicaOf } from '../store/options.ts';
import type { PlanTerms } from './plan-text.ts';

/** ConfigMaps that hold plans, as one namespace is asked for them. */
export interface PlanPlaces {
  readonly namespaces: readonly string[];
  /** The selector of the list: by name or by label. */
  readonly selector: { readonly fieldSelector: string } | { readonly labelSelector: string };
  /** For people: "ConfigMap shop/moves", "ConfigMaps with the label moves=yes". */
  readonly text: string;
}

export interface ClusterPlansSettings extends PlanTerms {
  readonly places: PlanPlaces;
  readonly replica: string;
  readonly access: StoreAccess;
  /** Absolute paths: the folder of the journals, and the file that holds the plans in force. */
  readonly folder: string;
  readonly rosterFile: string;
  readonly admin: AdminAccess | undefined;
}

/** Where servers agree unless the Corefile says otherwise: a cluster has several DNS servers as a rule. */
const usualStore: StorePlace = { kind: 'configmap', namespace: null, name: 'ferrydns-migrations' };

const label = String.raw`(?:[a-z\d](?:[-a-z\d.]*[a-z\d])?\/)?[A-Za-z\d](?:[-\w.]*[A-Za-z\d])?`;
const labelled = new RegExp(String.raw`^${label}=(?:[A-Za-z\d](?:[-\w.]*[A-Za-z\d])?)?$`);
const named = /^(?<namespace>[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)\/(?<name>[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?)$/;

/** Refuses what cannot be meant, at the word that is wrong. */
export function readClusterPlans(options: MigrateOptions, context: SetupContext): ClusterPlansSettings {
  const [, word, extra] = options.names;
  if (word === undefined) return context.fail("no ConfigMap, expected 'configmap NAMESPACE/NAME' or 'configmap LABEL=VALUE'", 'names');
  if (extra !== undefined) context.fail(`unexpected '${extra.text}' behind '${word.text}'`, extra);
  const grants = grantsOf(options, context);
  const places = placesOf(word, grants, context);
  const store = options.store === undefined ? usualStore : readStorePlace(options.store.store, (message, at) => context.fail(message, at));
  const kubeconfig = options.kubeconfig;
  const access = readStoreAccess(store.kind === 'configmap' ? options : { ...options, kubeconfig: undefined }, { store }, context);
  const folder = context.path(options.journal ?? 'ferrydns-migrations');
  return {
    grants,
    places,
    store,
    replica: replicaOf(options, { store }, context),
    access: { ...access, kubeconfig: kubeconfig === undefined ? undefined : { file: context.path(kubeconfig.file), context: kubeconfig.context } },
    folder,
    rosterFile: join(folder, `configmap-${word.text.replace(/[^\w.-]/g, '_')}.plans`),
    admin: options.admin === undefined ? usualAdminAccess : readAdminAccess(options.admin.admin, context),
  };
}

function grantsOf({ grant }: MigrateOptions, context: SetupContext): ReadonlyMap<string, readonly Name[]> {
  const grants = new Map<string, readonly Name[]>();
  for (const { namespace, zones } of grant) {
    if (grants.has(namespace)) context.fail(`namespace ${namespace} is granted zones twice, expected all of them on one line`, 'grant');
    grants.set(namespace, zones);
  }
  return grants;
}

function placesOf({ text, ...word }: Word, grants: PlanTerms['grants'], context: SetupContext): PlanPlaces {
  const { namespace, name } = named.exec(text)?.groups ?? {};
  if (namespace !== undefined) {
    const others = [...grants.keys()].filter((each) => each !== namespace);
    if (!grants.has(namespace)) context.fail(`no zone is granted to namespace ${namespace}, expected 'grant ${namespace} ZONE'`, { text, ...word });
    if (others.length > 0) context.fail(`zones are granted to namespace ${others[0]}, whose plans are not read`, 'grant');
    return { namespaces: [namespace], selector: { fieldSelector: `metadata.name=${name}` }, text: `ConfigMap ${text}` };
  }
  if (!labelled.test(text)) context.fail(`'${text}' is neither NAMESPACE/NAME nor LABEL=VALUE`, { text, ...word });
  if (grants.size === 0) context.fail("no zone is granted to any namespace, expected 'grant NAMESPACE ZONE'", { text, ...word });
  return { namespaces: [...grants.keys()], selector: { labelSelector: text }, text: `ConfigMaps with the label ${text}` };
}
