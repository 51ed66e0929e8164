// Every record of the DNS specification of Kubernetes, and every option of the plugin, against a played API server.
import { clusterQuestions, exampleCluster } from '../../support/example-cluster.ts';
import type { Script } from '../../support/upstream.ts';
import { type ParityCase, spelled } from '../case.ts';

const script: Script = {
  'gone.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org h.example.org 1 2 3 4 300'] },
  '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
  '* *': {},
};

export const cases: readonly ParityCase[] = clusterQuestions.map(({ name, zones = 'cluster.local', options, questions, more = [] }) => ({
  name,
  upstreams: [script],
  cluster: [...exampleCluster, ...more],
  corefile: [
    '.:{{PORT}} {',
    `    kubernetes ${zones} {`,
    '        endpoint http://{{API}}',
    ...options.map((line) => `        ${line}`),
    '    }',
    '    forward . {{UP1}}',
    '}',
    '',
  ].join('\n'),
  steps: questions.map((question) => (/^[A-Z]\S* SRV/.test(question) ? spelled(question) : question)),
}));
