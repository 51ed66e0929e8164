// The plan that leads back says everything that the plan says, but for what is of A and B themselves.
import { expect, test } from 'vitest';
import type { Plan } from '../../src/migration/plan.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';
import { reversedPlanFile } from '../../src/plans/reverse.ts';

const names = 'names: { www.example.org: { from: 192.0.2.1, to: [pool, web.example] }, db.example.org: { from: a.example, to: 192.0.2.2 } }\n';

function back(text: string): { readonly there: Plan; readonly back: Plan; readonly text: string; readonly store: unknown } {
  const { move } = readPlanFile(text, 'plan.yaml');
  const written = reversedPlanFile(move);
  const read = readPlanFile(written, 'back.yaml').move;
  return { there: move.plan, back: read.plan, text: written, store: read.store };
}

test.each([
  'ttl: 60\ntransition_ttl: 7\nslack: 4s\nhold: 1s\ncaches: [jvm, 30s, "null", 1m]\n',
  'store: [etcd, "http://127.0.0.1:2379", "https://127.0.0.2:2379"]\nsession: 20s\nskew: 2s\n',
  'store: [configmap, dns/plans]\n',
  'mode: exclusive\ncountdown: 30s\nadvance: auto\nhandback: on\n',
  'weight: 12.5\npace: 2m\nadvance: auto\n',
  'canary: [10, 50]\n',
  'check: [[from, tcp, 443], [to, tcp, 443]]\nrollback: auto\nrollback_after: 1m30s\n',
  'pace: 0s\nrollback_after: 0s\n',
])('as it was: %s', (options) => {
  const { there, back: again } = back(names + options);
  const { name, names: moved, checks, ...kept } = there;
  const { name: _, names: movedBack, checks: turned, ...same } = again;
  expect(same).toEqual(kept);
  expect(again.name).toBe(`${name}-reverse`);
  expect(movedBack).toEqual(moved.map((each) => ({ name: each.name, from: each.to, to: each.from })));
  expect(turned).toEqual(checks.map((check) => ({ ...check, side: check.side === 'to' ? 'from' : 'to' })));
});

test('servers agree where they agreed', () => {
  expect(back(`${names}store: [etcd, "http://127.0.0.1:2379", "https://127.0.0.2:2379"]\n`).store).toEqual({
    kind: 'etcd',
    endpoints: ['http://127.0.0.1:2379', 'https://127.0.0.2:2379'],
  });
  expect(back(`${names}store: [configmap, dns/plans]\n`).store).toEqual({ kind: 'configmap', namespace: 'dns', name: 'plans' });
});

test('a check asks for the host that it asked for', () => {
  const { there, back: again } = back(`${names}check: [[to, http, "http://other.example:8080/x?y"], [from, http, ":81/", 204]]\n`);
  expect(again.checks.map(({ probe }) => probe)).toEqual(there.checks.map(({ probe }) => probe));
});

test('the fence and gates stay as comments, the time for the fence as it was', () => {
  const { back: again, text } = back(`${names}mode: exclusive\nfence: [exec, /bin/fence]\nfence_timeout: 90s\ngate: [exec, /bin/gate, "a\\nb"]\n`);
  expect(again).toMatchObject({ fence: null, gates: [] });
  expect(text).toMatch(/^fence_timeout: 1m30s$/m);
  expect(text).toMatch(/^# fence: \[exec, COMMAND\]/m);
  expect(text).toMatch(/^# gate of the plan that is reversed: exec \/bin\/gate a b$/m);
});

test('what the way back cannot have is a comment that says why', () => {
  const rollback = back(`${names}check: [to, tcp, 443]\nrollback: auto\n`);
  expect(rollback.back.rollback).toBe('manual');
  expect(rollback.text).toMatch(/^# rollback: auto {3}# wants a check of to$/m);
  const canary = back(`${names}check: [from, tcp, 53]\nrole: old\ncanary: [10, 50]\n`);
  expect(canary.back).toMatchObject({ role: 'new', canary: [] });
  expect(canary.text).toMatch(/^# canary: \[10, 50\]/m);
  const unchecked = readPlanFile(`${names}role: old\n`, 'plan.yaml').move;
  expect(reversedPlanFile(unchecked)).toMatch(/^# check: \[to, CHECK\]/m);
});
