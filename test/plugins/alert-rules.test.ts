// The alert file for Prometheus beside what a real server exposes: an alert on a metric that nobody has never fires.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { servePools } from '../support/pool.ts';
import { tcpService } from '../support/services.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const text = readFileSync(join(import.meta.dirname, '../../deploy/prometheus/rules.yaml'), 'utf8');
const { groups } = parse(text) as { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** A metric that an expression names, and what it wants of its labels. */
interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly values: readonly string[] }[];
}

function selectorsOf(expression: string): Selector[] {
  return [...expression.matchAll(/\b(ferrydns_\w+|coredns_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', inside = '']) => ({
    metric,
    matchers: [...inside.matchAll(/(\w+)=~?"([^"]*)"/g)].map(([, label = '', value = '']) => ({ label, values: value.split('|') })),
  }));
}

/** The labels that an expression or a text names: `{{ $labels.plan }}`, `ignoring (phase)`, `by (plan)`. */
function labelsOf({ expr, annotations }: Rule): Set<string> {
  const named = [...expr.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/\s*,\s*/));
  const told = [
    ...Object.values(annotations)
      .join(' ')
      .matchAll(/\$labels\.(\w+)/g),
  ].map(([, label = '']) => label);
  // Prometheus itself says where a metric comes from.
  return new Set([...named, ...told].filter((label) => label !== 'instance'));
}

let exposed = '';

/** A plan, a pool whose primary is down, and one with a member that is well. */
beforeAll(async () => {
  await using service = await tcpService({ address: '127.0.0.2' });
  const check = `check tcp ${service.port} interval 100ms fall 1 rise 1 dwell 0s`;
  await using pools = await servePools(`. {
    migrate www.example.org {
      from 192.0.2.1
      to 192.0.2.2
      ttl 60
      admin off
    }
    pool db.example.org {
      member 127.0.0.3
      member 127.0.0.2 backup
      ${check}
    }
    pool app.example.org {
      member 127.0.0.2
      ${check}
    }
    whoami
  }`);
  await pools.pass(2);
  await pools.server.ask('www.example.org');
  await pools.server.ask('db.example.org');
  exposed = await pools.server.metrics();
});

function lines(metric: string): string[] {
  return exposed.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
}

describe.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (_, rule) => {
  test('names what a server exposes', () => {
    const selectors = selectorsOf(rule.expr);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, matchers } of selectors) {
      expect(lines(metric), metric).not.toEqual([]);
      for (const { label, values } of matchers) {
        for (const value of values) expect(lines(metric).join('\n'), `${metric} with ${label}`).toContain(`${label}="${value}"`);
      }
    }
    const known = selectors.flatMap(({ metric }) => lines(metric)).join('\n');
    for (const label of labelsOf(rule)) expect(known, label).toContain(`${label}="`);
  });

  test('says how urgent it is, what is wrong and what to do', () => {
    expect(['page', 'warn']).toContain(rule.labels['severity']);
    expect(rule.annotations['summary']?.length).toBeGreaterThan(20);
    expect(rule.annotations['description']?.length).toBeGreaterThan(40);
    expect(Object.keys(rule.annotations).sort()).toEqual(['description', 'summary']);
  });
});

test('no two alerts have one name, and there are some for plans and for pools', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  expect(groups.map(({ name, rules: { length } }) => [name, length > 3])).toEqual([
    ['ferrydns-migrations', true],
    ['ferrydns-pools', true],
  ]);
});

test('the reader of expressions finds metrics, labels and values', () => {
  expect(selectorsOf('a and ignoring (x) ferrydns_b{c="d", e=~"f|g"} == 1 or rate(coredns_h[5m])')).toEqual([
    {
      metric: 'ferrydns_b',
      matchers: [
        { label: 'c', values: ['d'] },
        { label: 'e', values: ['f', 'g'] },
      ],
    },
    { metric: 'coredns_h', matchers: [] },
  ]);
});
