// The alert file, read and tried out by Prometheus' own tool.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { needs } from './needs.ts';

const folder = join(import.meta.dirname, '../../deploy/prometheus');
const promtool = () => needs('promtool', 'apt install prometheus, or go install github.com/prometheus/prometheus/cmd/promtool@latest');

async function run(...words: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(promtool(), words, { cwd: folder });
  return stdout + stderr;
}

test('promtool accepts every rule', async () => {
  const alerts = alertNames();
  expect(await run('check', 'rules', 'rules.yaml')).toContain(`SUCCESS: ${alerts.length} rules found`);
});

test('every alert fires when it should, and not before', async () => {
  expect(await run('test', 'rules', 'rules.test.yaml')).toContain('SUCCESS');
});

test('none is left without a case in which it fires', () => {
  const cases = readFileSync(join(folder, 'rules.test.yaml'), 'utf8');
  for (const alert of alertNames()) expect(cases).toContain(`{alertname="${alert}"`);
});

function alertNames(): string[] {
  const { groups } = parse(readFileSync(join(folder, 'rules.yaml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
}
