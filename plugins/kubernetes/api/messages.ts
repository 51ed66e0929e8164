// The messages of the API that are read, and of each the fields that DNS needs: numbers as in `generated.proto` of k8s.io/api (core/v1, discovery/v1) and
// k8s.io/apimachinery (meta/v1, runtime).
import { importNameLabel, serviceNameLabel, sourceClusterLabel, type TrimOptions, triggerAnnotation } from '../cluster/trimming.ts';
import { type MessageType, messageType } from './protobuf.ts';

const time = messageType({ 1: { name: 'seconds', as: 'integer' } });

/** In the last event of a list that is streamed. */
export const listEnd = 'k8s.io/initial-events-end';
const named = { 1: { name: 'name', as: 'text' }, 3: { name: 'namespace', as: 'text' }, 6: { name: 'resourceVersion', as: 'text' } } as const;
const annotations = (...keys: readonly string[]) => ({ 12: { name: 'annotations', as: 'map', keys: [listEnd, ...keys] } }) as const;
const metadataOf = (fields: Parameters<typeof messageType>[0]) => ({ name: 'metadata', as: 'message', of: messageType(fields) }) as const;
const metadata = metadataOf({ ...named, ...annotations() });

export const namespaceMessage = messageType({ 1: metadata });

const servicePort = messageType({ 1: { name: 'name', as: 'text' }, 2: { name: 'protocol', as: 'text' }, 3: { name: 'port', as: 'integer' } });
const serviceSpec = messageType({
  1: { name: 'ports', as: 'messages', of: servicePort },
  3: { name: 'clusterIP', as: 'text' },
  4: { name: 'type', as: 'text' },
  5: { name: 'externalIPs', as: 'texts' },
  10: { name: 'externalName', as: 'text' },
  18: { name: 'clusterIPs', as: 'texts' },
});
const ingress = messageType({ 1: { name: 'ip', as: 'text' }, 2: { name: 'hostname', as: 'text' } });
const loadBalancer = messageType({ 1: { name: 'ingress', as: 'messages', of: ingress } });
const serviceStatus = messageType({ 1: { name: 'loadBalancer', as: 'message', of: loadBalancer } });
export const serviceMessage = messageType({
  1: metadata,
  2: { name: 'spec', as: 'message', of: serviceSpec },
  3: { name: 'status', as: 'message', of: serviceStatus },
});

const sliceMetadata = metadataOf({
  ...named,
  11: { name: 'labels', as: 'map', keys: [serviceNameLabel, importNameLabel, sourceClusterLabel] },
  ...annotations(triggerAnnotation),
});

/** Of an endpoint no more is read than what is made of it. */
export function sliceMessage({ podNames, zones, nodes }: TrimOptions): MessageType {
  const endpoint = messageType({
    1: { name: 'addresses', as: 'texts' },
    2: { name: 'conditions', as: 'message', of: messageType({ 1: { name: 'ready', as: 'boolean' } }) },
    3: { name: 'hostname', as: 'text' },
    ...(podNames && { 4: { name: 'targetRef', as: 'message', of: messageType({ 3: { name: 'name', as: 'text' } }) } }),
    ...(nodes && { 6: { name: 'nodeName', as: 'text' } }),
    ...(zones && { 7: { name: 'zone', as: 'text' } }),
  });
  return messageType({
    1: sliceMetadata,
    2: { name: 'endpoints', as: 'messages', of: endpoint },
    // As those of a service, so far.
    3: { name: 'ports', as: 'messages', of: servicePort },
    4: { name: 'addressType', as: 'text' },
  });
}

export const podMessage = messageType({
  1: metadataOf({ ...named, 9: { name: 'deletionTimestamp', as: 'message', of: time }, 11: { name: 'labels', as: 'map' }, ...annotations() }),
  3: { name: 'status', as: 'message', of: messageType({ 6: { name: 'podIP', as: 'text' } }) },
});

export const statusMessage = messageType({
  3: { name: 'message', as: 'text' },
  4: { name: 'reason', as: 'text' },
  6: { name: 'code', as: 'integer' },
});

export const listMetaMessage = messageType({ 2: { name: 'resourceVersion', as: 'text' }, 3: { name: 'continue', as: 'text' } });

/** Of a watch; its object is an envelope. */
export const watchEventMessage = messageType({
  1: { name: 'type', as: 'text' },
  2: { name: 'object', as: 'message', of: messageType({ 1: { name: 'raw', as: 'octets' } }) },
});

/** What stands behind the mark of an envelope: what kind of message it holds, and its octets. */
export const envelopeMessage = messageType({
  1: { name: 'typeMeta', as: 'message', of: messageType({ 2: { name: 'kind', as: 'text' } }) },
  2: { name: 'raw', as: 'octets' },
});
