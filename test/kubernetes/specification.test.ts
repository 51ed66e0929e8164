// Every record of the DNS specification, and every option of the plugin, by a real API server; and the same questions to the real CoreDNS beside it.
import { freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coredns, type Running, type Subject } from '../parity/subject.ts';
import { observed } from '../parity/text.ts';
import { needs } from '../services/needs.ts';
import { exchange } from '../support/client.ts';
import { clusterQuestions, exampleCluster, importedServices, serviceImports } from '../support/example-cluster.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { parseAsk, writeMessage } from '../support/message.ts';
import { startProgram } from '../support/program.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const judge: Subject = coredns(process.env['COREDNS'] ?? needs('coredns', "'npm run test:kubernetes' builds it with Go"));
let api: KubernetesApi;
let upstream: Upstream;
let kubeconfig: string;

beforeAll(async () => {
  api = await KubernetesApi.start();
  await api.define(serviceImports);
  for (const object of [...exampleCluster, ...importedServices]) await api.put(object);
  upstream = await startUpstream({
    'gone.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org h.example.org 1 2 3 4 300'] },
    '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
    '* *': {},
  });
  kubeconfig = api.kubeconfig();
});
afterAll(async () => {
  await upstream?.stop();
  await api?.[Symbol.asyncDispose]();
});

function corefile(port: number, zones: string, options: readonly string[]): string {
  const block = [`kubeconfig ${kubeconfig}`, ...options].map((line) => `        ${line}`).join('\n');
  return `.:${port} {\n    kubernetes ${zones} {\n${block}\n    }\n    forward . ${upstream.endpoint}\n}\n`;
}

/** What a server says, without what differs from server to server: serial numbers, letter case, and the order of records. */
async function answersOf(port: number, questions: readonly string[]): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const question of questions) {
    const { transport, parts } = parseAsk(question);
    const seen = observed(await exchange({ port }, writeMessage(parts), { transport, timeout: 20_000 }), new Map());
    const sorted = (lines: readonly string[] = []) => lines.map((line) => line.toLowerCase()).sort();
    told[question] = { reply: seen.reply, answer: sorted(seen.answer), authority: sorted(seen.authority), additional: sorted(seen.additional) };
  }
  return told;
}

describe('ferrydns answers as CoreDNS does', () => {
  test.each(clusterQuestions.map((each) => [each.name, each] as const))('%s', async (_, { zones = 'cluster.local', options, questions }) => {
    const [own, other] = [await freePort('0.0.0.0'), await freePort('0.0.0.0')];
    await using program = await startProgram({ files: { Corefile: corefile(own, zones, options) } });
    const running = (await judge({ corefile: corefile(other, zones, options), files: {}, env: {} })) as Running;
    try {
      const asked = [...questions, 'cluster.local NS', 'ns.dns.cluster.local A', 'ns.dns.cluster.local AAAA', 'ns.dns.cluster.local TXT'];
      const wanted = await answersOf(other, asked);
      expect(await answersOf(own, asked)).toEqual(wanted);
      // Nobody is right by saying nothing.
      expect(Object.values(wanted).some((each) => (each as { readonly answer: readonly string[] }).answer.length > 0)).toBe(true);
    } finally {
      await running.stop();
    }
    expect(program.output.error).toBe('');
  });
});
