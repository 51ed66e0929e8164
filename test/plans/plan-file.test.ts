// The hash that servers compare plans by sees everything that a plan file says of its checks.
import { expect, test } from 'vitest';
import { hashOf } from '../../src/migration/plan.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';

test.each([
  ['dns, www.example.org, A', 'dns, www.example.org, A, port, 5353'],
  ['tcp, 80', 'tcp, 80, dwell, 1s'],
  ['http, ":80/"', 'http, ":80/", 200'],
])('check [to, %s] and check [to, %s] make two plans', (check, other) => {
  expect(hashOfPlan(check)).not.toBe(hashOfPlan(other));
});

test.each([
  ['dns, www.example.org, A', 'dns, WWW.example.org., a, port, 53'],
  ['tcp, 80', 'tcp, 80, dwell, 10s'],
])('check [to, %s] and check [to, %s] make one plan', (check, other) => {
  expect(hashOfPlan(check)).toBe(hashOfPlan(other));
});

function hashOfPlan(check: string): string {
  const text = `names: www.example.org\nfrom: 192.0.2.1\nto: 192.0.2.2\ncheck: [to, ${check}]\n`;
  return hashOf(readPlanFile(text, 'plan.yaml').move.plan);
}
