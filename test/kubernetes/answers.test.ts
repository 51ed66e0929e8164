// A real API server tells the same in both of its forms. RECORD=1 keeps what it tells for `npm test`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exampleCluster } from '../support/example-cluster.ts';
import { open } from '../support/http.ts';
import { adminToken, KubernetesApi } from '../support/kubernetes.ts';
import { objectsIn, type RecordedAnswers, resources } from '../support/recorded-answers.ts';

/** Octets as they came. */
async function answer(api: KubernetesApi, path: string, accept: string): Promise<Buffer> {
  const headers = { authorization: `Bearer ${adminToken}`, accept };
  const response = await open({ port: api.port, path, headers, tls: { rejectUnauthorized: false } });
  expect(response.headers['content-type']).toContain(accept);
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('lists and watches tell the same as JSON and as Protocol Buffers', async () => {
  await using api = await KubernetesApi.start();
  for (const object of exampleCluster) await api.put(object);
  const recorded: Record<string, RecordedAnswers> = {};
  for (const resource of resources) {
    const paths = { list: resource.path, watch: `${resource.path}?watch=true&resourceVersion=0&timeoutSeconds=1` };
    for (const [kind, path] of Object.entries(paths) as ['list' | 'watch', string][]) {
      const json = (await answer(api, path, 'application/json')).toString('utf8');
      const protobuf = (await answer(api, path, 'application/vnd.kubernetes.protobuf')).toString('base64');
      const told = objectsIn(resource, kind, { protobuf });
      expect(told).toEqual(objectsIn(resource, kind, { json }));
      expect(told.objects.length).toBeGreaterThan(2);
      recorded[`${kind} ${resource.kind}`] = { json, protobuf };
    }
  }
  if (process.env['RECORD'] !== undefined) {
    writeFileSync(join(import.meta.dirname, '../plugins/recorded-answers.json'), `${JSON.stringify(recorded, undefined, 1)}\n`);
  }
});
