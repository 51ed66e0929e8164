// What the API server has answered, as JSON and as Protocol Buffers, and what the plugin takes from it.
import { JsonObjects } from '../../plugins/kubernetes/api/json-objects.ts';
import { ProtobufEvents, type WatchEvent } from '../../plugins/kubernetes/api/protobuf-events.ts';
import { ProtobufList } from '../../plugins/kubernetes/api/protobuf-list.ts';
import { type Resource, resourcesFor } from '../../plugins/kubernetes/cluster/resources.ts';
import type { RawObject } from '../../plugins/kubernetes/cluster/trimming.ts';

/** The same answer in both forms; the second in base64. */
export interface RecordedAnswers {
  readonly json: string;
  readonly protobuf: string;
}

interface Told {
  readonly objects: readonly unknown[];
  /** Where a watch would go on behind a list. */
  readonly version?: string | undefined;
}

/** Everything that the API server has of its own. */
export const resources: readonly Resource[] = resourcesFor({
  labels: undefined,
  namespaceLabels: undefined,
  endpoints: true,
  pods: true,
  multicluster: false,
  podNames: true,
  zones: true,
  nodes: true,
});

/** What is kept of the objects of an answer, read in pieces of so many octets. */
export function objectsIn(resource: Resource, kind: 'list' | 'watch', answer: Partial<RecordedAnswers>, piece = 1000): Told {
  const kept: unknown[] = [];
  const keep = (object: RawObject) => kept.push(resource.trim(object));
  const keepEvent = ({ type, object = {} }: WatchEvent) => kept.push([type, resource.trim(object)]);
  const octets = answer.json === undefined ? Buffer.from(answer.protobuf ?? '', 'base64') : Buffer.from(answer.json);
  const type = resource.message ?? [];
  const push = (reading: { push(chunk: Buffer): void }) => {
    for (let at = 0; at < octets.length; at += piece) reading.push(octets.subarray(at, at + piece));
  };
  if (kind === 'watch') {
    push(
      answer.json === undefined
        ? new ProtobufEvents(type, { take: keepEvent, unreadable })
        : new JsonObjects('events', (text) => keepEvent(JSON.parse(text) as WatchEvent)),
    );
    return { objects: kept };
  }
  if (answer.json !== undefined) {
    const list = new JsonObjects('items', (text) => keep(JSON.parse(text) as RawObject));
    push(list);
    return { objects: kept, version: (JSON.parse(list.frame) as { metadata: { resourceVersion: string } }).metadata.resourceVersion };
  }
  const list = new ProtobufList(type, { take: keep, unreadable });
  push(list);
  if (!list.isComplete) throw new Error('the list has no end');
  return { objects: kept, version: list.metadata.resourceVersion };
}

function unreadable(reason: string): void {
  throw new Error(reason);
}
