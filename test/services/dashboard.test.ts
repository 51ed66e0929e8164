// Every query of the dashboard, asked of a real Prometheus that scrapes a real server.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from 'ferrydns/testing';
import { expect, test } from 'vitest';
import { dashboardQueries, exerciseServer } from '../support/dashboard.ts';
import { endNow } from '../support/etcd.ts';
import { needs } from './needs.ts';

async function withPrometheus(target: string, use: (url: string) => Promise<void>): Promise<void> {
  const program = needs('prometheus', 'apt install prometheus, or name its folder in FERRYDNS_PROGRAMS');
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-prometheus-'));
  const port = await freePort();
  const config = { global: { scrape_interval: '1s' }, scrape_configs: [{ job_name: 'dns', static_configs: [{ targets: [target] }] }] };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const words = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`];
  const started: ChildProcess = spawn(program, words, { stdio: 'ignore' });
  try {
    await use(`http://127.0.0.1:${port}`);
  } finally {
    await endNow(started);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many series come back; the variables of Grafana as it would fill them in. */
async function countOf(url: string, expr: string): Promise<number | string> {
  const query = expr.replaceAll('$__rate_interval', '60s').replaceAll('$instance', '.*');
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`).catch(() => undefined);
  if (answer === undefined) return 'no answer';
  const { error, data } = (await answer.json()) as { readonly error?: string; readonly data?: { readonly result: readonly unknown[] } };
  return error ?? data?.result.length ?? 'nothing';
}

test('each returns series', async () => {
  await using exercised = await exerciseServer();
  await withPrometheus(exercised.metrics, async (url) => {
    await expect
      .poll(async () => {
        await exercised.exercise();
        const counts = await Promise.all(dashboardQueries().map(async ({ expr }) => ({ expr, count: await countOf(url, expr) })));
        return counts.filter(({ count }) => typeof count === 'string' || count === 0);
      })
      .toEqual([]);
  });
});
