// What a configuration leaves behind when the next one has taken its place.
import { queryObjects } from 'node:v8';
import { serve } from 'ferrydns/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Upstream } from '../../plugins/forward/upstream.ts';
import { startUpstream } from '../support/upstream.ts';

/** How many objects of these classes there are, after the collection of garbage. */
const living = () => [Upstream, AbortController].map((kind) => queryObjects(kind, { format: 'count' }));

test('nothing of the configurations before stays, however often it is loaded again', async () => {
  const upstream = await startUpstream({ '* *': 'NXDOMAIN' });
  onTestFinished(() => upstream.stop());
  const plugins = [
    'errors',
    'log',
    'shed',
    'rewrite name exact a.test b.test',
    'hosts {\n192.0.2.1 www.test\nfallthrough\n}',
    'template IN A t.test {\nanswer "{{ .Name }} 60 IN A 192.0.2.2"\nfallthrough\n}',
    'cache 30',
    `forward . ${upstream.endpoint}`,
    'loadbalance',
    'metadata',
  ];
  const corefile = (count: number) => `.:0 {\n${plugins.slice(0, plugins.length - (count % 2)).join('\n')}\n}`;
  const server = await serve(corefile(0));
  onTestFinished(() => server.stop());
  const reload = async (times: number) => {
    for (let count = 1; count <= times; count++) {
      await server.reload(corefile(count));
      await server.ask(`n${count}.example.org`);
    }
  };
  await reload(4);
  const before = living();
  await reload(20);
  // The last one may still be on its way out.
  const mostNow = before.map((count) => count + 2);
  await expect.poll(() => living().map((count, kind) => Math.max(0, count - (mostNow[kind] ?? 0)))).toEqual([0, 0]);
});
