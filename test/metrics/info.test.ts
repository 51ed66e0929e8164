import { expect, test } from 'vitest';
import { MetricsRegistry } from '../../src/metrics/registry.ts';

test('a fact is exported as 1 as long as somebody holds it', async () => {
  const metrics = new MetricsRegistry();
  const enabled = metrics.info('enabled', 'whether it is', ['zone', 'name']);
  const samples = async () => (await metrics.expose()).body.split('\n').filter((line) => line.startsWith('enabled'));
  const first = enabled({ zone: '.', name: 'log' });
  const second = metrics.info('enabled', 'whether it is', ['zone', 'name'])({ zone: '.', name: 'log' });
  enabled({ zone: '.', name: 'errors' });
  expect(await samples()).toEqual(['enabled{name="log",zone="."} 1', 'enabled{name="errors",zone="."} 1']);
  first();
  expect(await samples()).toHaveLength(2);
  second();
  expect(await samples()).toEqual(['enabled{name="errors",zone="."} 1']);
});

test('labels stand in the order of the alphabet, le of a histogram last', async () => {
  const metrics = new MetricsRegistry();
  metrics.histogram('size', 'of it', [1], ['zone', 'proto'])({ zone: '.', proto: 'udp' }).observe(1);
  expect((await metrics.expose()).body).toContain('size_bucket{proto="udp",zone=".",le="1"} 1');
});

test('a gauge that is not known has no sample', async () => {
  const metrics = new MetricsRegistry();
  let epoch: number | null = null;
  metrics.gauge('epoch', 'of it', ['plan'])({ plan: 'a' }, () => epoch);
  expect((await metrics.expose()).body).not.toMatch(/^epoch/m);
  epoch = 2;
  expect((await metrics.expose()).body).toContain('epoch{plan="a"} 2');
});
