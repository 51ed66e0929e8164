// The grammar of the directive, and what its options come to.

import { createHash } from 'node:crypto';
import { accessByAddress, accessByFile, apiUrl } from 'ferrydns/built-in/kubernetes';
import {
  duration,
  file,
  flag,
  integer,
  many,
  messageOf,
  type Name,
  optional,
  property,
  root,
  type SetupContext,
  setting,
  text,
  type UseOf,
  value,
  words,
  zoneList,
} from 'ferrydns/plugin';
import type { AnswerSettings } from './answers/answers.ts';
import type { Exposure } from './answers/finder.ts';
import type { ApiLimits } from './api/throttle.ts';
import { isReverseZone } from './cluster/addresses.ts';
import type { Wanted } from './cluster/resources.ts';
import { readSelector } from './selector.ts';

const podModes = ['disabled', 'insecure', 'verified'] as const;
type PodMode = (typeof podModes)[number];

const pods = value<PodMode>(podModes.join('|'), readPodMode, { words: podModes, expected: `one of ${podModes.join(', ')}` });
const ignored = value('empty_service', readIgnored, { words: ['empty_service'], expected: "'empty_service'" });
const ttl = value('N', readTtl, { ...integer({ min: 0, max: 3600 }), parse: readTtl });
const count = integer({ min: 0 });
const rate = value('N', readRate, {
  expected: 'a number of 0 or more',
  schema: {
    anyOf: [
      { type: 'number', minimum: 0 },
      { type: 'string', pattern: '^\\d+(\\.\\d+)?$' },
    ],
  },
});

export const grammar = {
  args: { zones: zoneList() },
  block: {
    endpoint: property({ url: many(text, 1) }, 'the URL of the API server; by default that of the cluster that the server runs in'),
    tls: property({ cert: file, key: file, ca: file }, 'the certificate and key for the API server, and the authority that it is trusted by'),
    kubeconfig: property(
      { file, context: optional(text) },
      'reaches the API server by a kubeconfig file, and its current context unless another one is named',
    ),
    apiserver_qps: setting(rate, 'requests to the API server in a second at most; 0 sets no limit', 0),
    apiserver_burst: setting(count, 'requests at once where apiserver_qps is set', 0),
    apiserver_max_inflight: setting(count, 'requests that wait for their answer at most; 0 sets no limit', 0),
    namespaces: property({ names: many(text, 1) }, 'answers for these namespaces alone'),
    labels: property({ selector: words('EXPRESSION', 1) }, 'answers for services and endpoints with these labels alone'),
    namespace_labels: property({ selector: words('EXPRESSION', 1) }, 'answers for namespaces with these labels alone'),
    pods: setting(pods, 'how names of Pods by their addresses are answered', 'disabled'),
    endpoint_pod_names: flag('names endpoints by their Pods, where they have no host name'),
    ttl: setting(ttl, 'seconds that a record may be cached', 5),
    noendpoints: flag('does not watch endpoints, so that headless services have no addresses'),
    fallthrough: property({ zones: zoneList() }, 'passes on names that are not there, all or those in the zones'),
    ignore: setting(ignored, 'denies services with a cluster address that have no endpoint which is ready'),
    multicluster: property({ zones: zoneList() }, 'answers for services of other clusters in these zones'),
    zonal: flag('answers for the endpoints of a headless service in one topology zone, by ZONE.pin._zone and ZONE.prefer._zone in front of its name'),
    startup_timeout: setting(duration({ min: '0s' }), 'how long the start waits for the API server', 5000),
  },
} as const;

export type KubernetesOptions = UseOf<typeof grammar>;

export interface Settings {
  readonly answers: AnswerSettings;
  readonly exposure: Exposure;
  readonly wanted: Wanted;
  readonly limits: ApiLimits;
  readonly endpoint: string | undefined;
  /** Absolute paths. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
  readonly kubeconfig: { readonly file: string; readonly context: string | undefined } | undefined;
  /** A hash of the files that say how the API server is reached. */
  readonly accessHash: string;
  /** Milliseconds. */
  readonly startupTimeout: number;
}

export function readSettings(options: KubernetesOptions, context: SetupContext): Settings {
  const zones = options.zones.length > 0 ? options.zones : context.zones;
  const primaryZone = zones.find((zone) => !isReverseZone(zone));
  if (primaryZone === undefined) context.fail('non-reverse zone name must be used', 'zones');
  const { namespaces, namespace_labels: namespaceLabels, zonal, noendpoints, endpoint, tls, kubeconfig } = options;
  if (namespaces !== undefined && namespaceLabels !== undefined) {
    context.fail('namespaces and namespace_labels cannot both be set', 'namespace_labels');
  }
  if (zonal && noendpoints) context.fail('zonal requires the endpoint cache; remove noendpoints', 'zonal');
  if (endpoint !== undefined && endpoint.url.length > 1) {
    context.warn(`Multiple endpoints have been deprecated, only the first specified endpoint '${endpoint.url[0]}' is used`, 'endpoint');
  }
  const multiclusterZones = options.multicluster?.zones ?? [];
  refuseForeign(multiclusterZones, zones, context);
  const files = tls === undefined ? undefined : { cert: context.path(tls.cert), key: context.path(tls.key), ca: context.path(tls.ca) };
  const config = kubeconfig === undefined ? undefined : { file: context.path(kubeconfig.file), context: kubeconfig.context };
  const url = refusing('endpoint', context, () => (endpoint?.url[0] === undefined ? undefined : apiUrl(endpoint.url[0])));
  const accessHash = refusing(config === undefined ? 'tls' : 'kubeconfig', context, () => lookAt({ url, files, config }, context));
  return {
    answers: { zones, primaryZone, multiclusterZones, zonal, ttl: options.ttl, fallthrough: fallthroughZones(options.fallthrough?.zones) },
    exposure: { namespaces: new Set(namespaces?.names ?? []), pods: options.pods, ignoreEmpty: options.ignore !== undefined },
    wanted: {
      labels: selector(options.labels, 'label', { context, option: 'labels' }),
      namespaceLabels: selector(namespaceLabels, 'namespace_label', { context, option: 'namespace_labels' }),
      podNames: options.endpoint_pod_names,
      zones: zonal,
      nodes: false,
      endpoints: !noendpoints,
      pods: options.pods === 'verified',
      multicluster: multiclusterZones.length > 0,
    },
    limits: { perSecond: options.apiserver_qps, burst: options.apiserver_burst, inFlight: options.apiserver_max_inflight },
    endpoint: url,
    tls: files,
    kubeconfig: config,
    accessHash,
    startupTimeout: options.startup_timeout,
  };
}

/** Reads what says how the API server is reached, so that a reload sees when it is something else. Throws an Error at what is broken. */
function lookAt({ url, files, config }: Ways, context: SetupContext): string {
  const hash = createHash('sha256');
  for (const file of config === undefined ? Object.values(files ?? {}) : [config.file]) hash.update(context.read(file));
  if (config !== undefined) accessByFile(config.file, config.context);
  else if (url !== undefined) accessByAddress(url, files);
  return hash.digest('hex');
}

interface Ways {
  readonly url: string | undefined;
  readonly files: Settings['tls'];
  readonly config: Settings['kubeconfig'];
}

/** An error points at the option. */
function refusing<T>(option: 'endpoint' | 'tls' | 'kubeconfig', context: SetupContext, read: () => T): T {
  try {
    return read();
  } catch (error) {
    return context.fail(messageOf(error), option);
  }
}

function refuseForeign(multicluster: readonly Name[], zones: readonly Name[], context: SetupContext): void {
  const foreign = multicluster.find((zone) => !zones.includes(zone));
  if (foreign === undefined) return;
  context.fail(`is not authoritative for the multicluster zone ${foreign} (authoritative zones: [${zones.join(' ')}])`, 'multicluster');
}

function fallthroughZones(zones: readonly Name[] | undefined): readonly Name[] {
  return zones?.length === 0 ? [root] : (zones ?? []);
}

function selector(
  stated: KubernetesOptions['labels'],
  kind: string,
  { context, option }: { readonly context: SetupContext; readonly option: string },
): string | undefined {
  if (stated === undefined) return undefined;
  const texts = stated.selector.map(({ text: word }) => word);
  try {
    return readSelector(texts);
  } catch (error) {
    return context.fail(`unable to parse ${kind} selector value: '${texts.join(' ')}': ${(error as Error).message}`, option);
  }
}

function readPodMode(word: string): PodMode {
  const mode = podModes.find((each) => each === word);
  if (mode === undefined) throw new Error(`wrong value for pods: ${word},  must be one of: disabled, verified, insecure`);
  return mode;
}

function readIgnored(word: string): string {
  if (word !== 'empty_service') throw new Error(`unable to parse ignore value: '${word}'`);
  return word;
}

function readTtl(word: string): number {
  const seconds = integer().parse(word);
  if (seconds < 0 || seconds > 3600) throw new Error(`ttl must be in range [0, 3600]: ${seconds}`);
  return seconds;
}

function readRate(word: string): number {
  if (!/^\d+(\.\d+)?$/.test(word)) throw new Error(`'${word}' is not a number of 0 or more`);
  return Number(word);
}
