// The dashboard of deploy/grafana: every query of it finds series, with the labels that it names, in what a server exposes that does all the things it shows.
import { beforeAll, expect, test, vi } from 'vitest';
import { dashboardQueries, exerciseServer, selectorsOf } from '../support/dashboard.ts';
import { soon } from '../support/soon.ts';

/** Labels by metric, of all its series together. */
let exposed: ReadonlyMap<string, ReadonlySet<string>>;

beforeAll(async () => {
  await using exercised = await exerciseServer();
  await vi.waitFor(async () => {
    await exercised.exercise();
    exposed = labelsIn(await exercised.server.metrics());
    const missing = dashboardQueries().flatMap(({ expr }) => selectorsOf(expr).metrics.filter((metric) => !exposed.has(metric)));
    if (missing.length > 0) throw new Error(`not exposed: ${missing.join(', ')}`);
  }, soon);
}, 240_000);

/** What Prometheus adds when it scrapes, and what a histogram has. */
const always = ['instance', 'job', 'le'];

test('there are queries about every part', () => {
  expect(dashboardQueries().length).toBeGreaterThan(40);
  for (const part of ['coredns_dns_', 'coredns_cache_', 'coredns_proxy_', 'ferrydns_kubernetes_staleness', 'ferrydns_migration_', 'ferrydns_pool_']) {
    expect(dashboardQueries().filter(({ expr }) => expr.includes(part)).length, part).toBeGreaterThan(0);
  }
});

test.each(dashboardQueries().map(({ expr, legend }) => [expr, legend] as const))('%s', (expr, legend) => {
  const { metrics, labels } = selectorsOf(expr);
  expect(metrics.length).toBeGreaterThan(0);
  for (const metric of metrics)
    expect(
      [...labels].filter((label) => !always.includes(label) && !exposed.get(metric)?.has(label)),
      metric,
    ).toEqual([]);
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
  expect(shown.filter((label) => !labels.has(label))).toEqual([]);
});

function labelsIn(exposition: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, metric = '', labels = ''] of exposition.matchAll(/^([a-z_:]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = found.get(metric) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(metric, known);
  }
  return found;
}
