// Every Corefile of this folder loads as it is, or is refused for nothing but the plugins that are not there.
import { describe, expect, test } from 'vitest';
import { registry } from '../../plugins/index.ts';
import { absentIn, corefiles, problemsOf, without } from '../support/corefiles.ts';

const distributions = [
  'kubeadm',
  'helm',
  'k3s',
  'rke2',
  'eks',
  'aks',
  'gke-style',
  'node-local',
  'kops',
  'talos',
  'kubespray',
  'gardener',
  'openshift',
  'alibaba',
];

test('the folder has those of the distributions, and of at least fifteen homes and companies', () => {
  expect([...corefiles.keys()]).toEqual(expect.arrayContaining(distributions));
  expect([...corefiles.keys()].filter((name) => /^(home|company)-/.test(name)).length).toBeGreaterThanOrEqual(15);
});

describe.each([...corefiles])('%s', (_, corefile) => {
  const absent = absentIn(corefile);

  test('loads, or each plugin that is not there is named with what to do', async () => {
    const problems = await problemsOf(corefile);
    const refused = problems.map(
      (message) => /^plugin '(\w+)' is known to CoreDNS, but ferrydns does not have it yet: (.+)$/.exec(message)?.slice(1) ?? message,
    );
    const expected = absent.map((name) => [name, registry.absent[name]]);
    expect(new Set(refused.map(String))).toEqual(new Set(expected.map(String)));
  });

  test.skipIf(absent.length === 0)('loads without the plugins that are not there', async () => {
    const rest = without(corefile, absent);
    expect(absentIn(rest)).toEqual([]);
    expect(rest.split('\n').length).toBeLessThan(corefile.split('\n').length);
    expect(await problemsOf(rest)).toEqual([]);
  });
});
