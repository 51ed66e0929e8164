// What a name below a zone of the cluster asks for: the name grammar of the DNS specification of Kubernetes, 1.1.0.
import { labelsOf } from 'ferrydns/plugin';

/** What a name asks for. What it does not say is an empty text. */
export interface RecordRequest {
  /** Empty for the zone itself, and for its children "svc" and "pod". */
  readonly kind: 'svc' | 'pod' | '';
  readonly namespace: string;
  /** The service; the first label in names of Pods. */
  readonly service: string;
  readonly port: string;
  readonly protocol: string;
  readonly endpoint: string;
  /** The cluster that an endpoint was imported from. */
  readonly cluster: string;
  /** The topology zone whose endpoints are asked for. */
  readonly zone: string;
  /** Whether all endpoints will do where that zone has none. */
  readonly zonePreferred: boolean;
}

/** How names are read. */
export interface NameGrammar {
  readonly multicluster: boolean;
  readonly zonal: boolean;
}

/** A request that says nothing. */
export const anything: RecordRequest = {
  kind: '',
  namespace: '',
  service: '',
  port: '',
  protocol: '',
  endpoint: '',
  cluster: '',
  zone: '',
  zonePreferred: false,
};

/** Reads a lower-case name in the zone that it is in; undefined when nothing can have such a name. */
export function parseRequest(name: string, zone: string, grammar: NameGrammar): RecordRequest | undefined {
  const labels = labelsBelow(name, zone);
  const kind = labels.pop();
  if (kind === undefined) return anything;
  if (kind !== 'svc' && kind !== 'pod') return undefined;
  if (labels.length === 0) return anything;
  const [service = '', namespace = ''] = [labels.at(-2), labels.at(-1)];
  const base = { ...anything, kind, namespace, service } as const;
  const more = labels.slice(0, -2);
  const [first = '', second = ''] = more;
  if (more.length === 0) return base;
  if (more.length === 1) return { ...base, endpoint: first };
  if (more.length > 2) return zonalRequest(base, more, grammar);
  const isPort = !grammar.multicluster || first.startsWith('_') || second.startsWith('_');
  return isPort ? { ...base, port: bare(first), protocol: bare(second) } : { ...base, endpoint: first, cluster: second };
}

/** ZONE.pin._zone.SERVICE.NAMESPACE.svc: the name of a zone may have dots. */
function zonalRequest(base: RecordRequest, more: readonly string[], { zonal, multicluster }: NameGrammar): RecordRequest | undefined {
  const directive = more.at(-2);
  const isZonal = zonal && !multicluster && base.kind === 'svc' && more.at(-1) === '_zone' && (directive === 'pin' || directive === 'prefer');
  return isZonal ? { ...base, zone: more.slice(0, -2).join('.'), zonePreferred: directive === 'prefer' } : undefined;
}

function labelsBelow(name: string, zone: string): string[] {
  if (name === zone) return [];
  return labelsOf(zone === '.' ? name : name.slice(0, -zone.length));
}

function bare(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label;
}
