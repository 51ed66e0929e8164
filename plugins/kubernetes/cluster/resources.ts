// Where the objects of each kind are, and what is taken from them.
import { namespaceMessage, podMessage, serviceMessage, sliceMessage } from '../api/messages.ts';
import type { MessageType } from '../api/protobuf.ts';
import type { Kind, Kinds } from './objects.ts';
import {
  importNameLabel,
  type RawObject,
  type TrimOptions,
  trimImport,
  trimImportSlice,
  trimNamespace,
  trimPod,
  trimService,
  trimSlice,
} from './trimming.ts';

/** The objects of one kind, as they are asked for. */
export interface Resource {
  readonly kind: Kind;
  /** As the log names it, in the way of clients of Go: "*v1.Service". */
  readonly goName: string;
  /** As rules of RBAC name it: "services". */
  readonly plural: string;
  readonly path: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string;
  /** How the objects are read as Protocol Buffers; undefined where the server has them as JSON alone, as all that definitions of resources add. */
  readonly message?: MessageType;
  /** Undefined: it does not count as there. Throws an Error at what it cannot be made of. */
  trim(raw: RawObject): Kinds[Kind] | undefined;
}

/** What a configuration wants to know. */
export interface Wanted extends TrimOptions {
  /** `labels`. */
  readonly labels: string | undefined;
  /** `namespace_labels`. */
  readonly namespaceLabels: string | undefined;
  readonly endpoints: boolean;
  /** `pods verified`. */
  readonly pods: boolean;
  readonly multicluster: boolean;
}

const core = '/api/v1';
const discovery = '/apis/discovery.k8s.io/v1';
const multicluster = '/apis/multicluster.x-k8s.io/v1alpha1';
const running = 'status.phase!=Succeeded,status.phase!=Failed,status.phase!=Unknown';

export function resourcesFor(wanted: Wanted): readonly Resource[] {
  const labelSelector = wanted.labels;
  const imported = [labelSelector, importNameLabel].filter((each) => each !== undefined).join(',');
  const slices = { goName: '*v1.EndpointSlice', plural: 'endpointslices', path: `${discovery}/endpointslices`, message: sliceMessage(wanted) };
  const all: readonly (Resource | false)[] = [
    {
      kind: 'namespaces',
      goName: '*v1.Namespace',
      plural: 'namespaces',
      path: `${core}/namespaces`,
      labelSelector: wanted.namespaceLabels,
      message: namespaceMessage,
      trim: trimNamespace,
    },
    {
      kind: 'services',
      goName: '*v1.Service',
      plural: 'services',
      path: `${core}/services`,
      labelSelector,
      message: serviceMessage,
      trim: trimService,
    },
    wanted.endpoints && { kind: 'endpointslices', ...slices, labelSelector, trim: (raw) => trimSlice(raw, wanted) },
    wanted.pods && {
      kind: 'pods',
      goName: '*v1.Pod',
      plural: 'pods',
      path: `${core}/pods`,
      labelSelector,
      fieldSelector: running,
      message: podMessage,
      trim: trimPod,
    },
    wanted.multicluster && {
      kind: 'serviceimports',
      goName: '*v1alpha1.ServiceImport',
      plural: 'serviceimports',
      path: `${multicluster}/serviceimports`,
      labelSelector: wanted.namespaceLabels,
      trim: trimImport,
    },
    wanted.multicluster && { kind: 'importslices', ...slices, labelSelector: imported, trim: (raw) => trimImportSlice(raw, wanted) },
  ];
  return all.filter((each) => each !== false);
}
