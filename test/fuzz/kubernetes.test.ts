// What an API server sends as Protocol Buffers, sound and damaged, in any pieces.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtobufEvents } from '../../plugins/kubernetes/api/protobuf-events.ts';
import { ProtobufList } from '../../plugins/kubernetes/api/protobuf-list.ts';
import { type Resource, resourcesFor } from '../../plugins/kubernetes/cluster/resources.ts';
import { namespace, pod, service, slice } from '../support/cluster-objects.ts';
import { listEnvelope, watchFrame } from '../support/protobuf.ts';
import { withFaults } from './faults.ts';
import { cheaply, manyRuns, patience } from './runs.ts';

const everything = { endpoints: true, pods: true, multicluster: false, podNames: true, zones: true, nodes: true };
const resources = resourcesFor({ labels: undefined, namespaceLabels: undefined, ...everything });
const objects = [namespace('a', { b: 'c' }), service('a/web', ['10.0.0.1']), slice('a/web-1', 'web', ['172.16.0.1']), pod('a/one', '172.16.0.1')];
const events = objects.map((object) => watchFrame('ADDED', object));
const sound = [
  Buffer.concat(events),
  ...events,
  watchFrame('ERROR', { kind: 'Status', code: 410, message: 'gone' } as object),
  ...objects.map((object) => listEnvelope(object.kind, { metadata: { resourceVersion: '7', continue: 'x' }, items: [object, object] })),
];
const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });

/** What is read of octets that come in pieces so long, in turn: objects, faults, and why no more is read. */
function readIn(resource: Resource, kind: 'events' | 'list', octets: Buffer, each: readonly number[]): readonly unknown[] {
  const told: unknown[] = [];
  const taker = { take: (read: object) => told.push(read), unreadable: (reason: string) => told.push(reason) };
  const type = resource.message ?? [];
  const reading = kind === 'events' ? new ProtobufEvents(type, taker) : new ProtobufList(type, taker);
  try {
    for (let at = 0, i = 0; at < octets.length; i++) {
      const length = each[i % each.length] ?? 1;
      reading.push(octets.subarray(at, at + length));
      at += length;
    }
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    told.push('refused');
  }
  return told;
}

test.each(['events', 'list'] as const)(
  'Protocol Buffers of an API server as %s are cut at the same places, in whatever pieces, or refused',
  patience,
  (kind) => {
    fc.assert(
      fc.property(fc.constantFrom(...resources), withFaults(sound), lengths, (resource, octets, each) => {
        const whole = readIn(resource, kind, octets, [octets.length]);
        expect(cheaply(() => readIn(resource, kind, octets, each), octets.length)).toEqual(whole);
      }),
      manyRuns(),
    );
  },
);
