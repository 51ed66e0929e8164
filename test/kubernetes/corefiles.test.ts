// The Corefiles of test/corefiles beside the real CoreDNS, both with the same API server and the same upstream.
import { freePort } from 'ferrydns/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coredns, type Running, type Subject } from '../parity/subject.ts';
import { observed } from '../parity/text.ts';
import { needs } from '../services/needs.ts';
import { exchange } from '../support/client.ts';
import { absentIn, corefiles, without } from '../support/corefiles.ts';
import { exampleCluster } from '../support/example-cluster.ts';
import { KubernetesApi } from '../support/kubernetes.ts';
import { parseAsk, writeMessage } from '../support/message.ts';
import { startProgram } from '../support/program.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const judge: Subject = coredns(process.env['COREDNS'] ?? needs('coredns', "'npm run test:kubernetes' builds it with Go"));
let api: KubernetesApi;
let upstream: Upstream;

beforeAll(async () => {
  api = await KubernetesApi.start();
  for (const object of exampleCluster) await api.put(object);
  upstream = await startUpstream({
    'gone.example.org *': { rcode: 'NXDOMAIN', authority: ['example.org 60 SOA ns.example.org h.example.org 1 2 3 4 300'] },
    '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }),
    '* PTR': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 PTR host.example.org`] }),
    '* *': {},
  });
});
afterAll(async () => {
  await upstream?.stop();
  await api?.[Symbol.asyncDispose]();
});

/** Those of one listener whose upstreams speak plain DNS; the others need certificates and ports that are not those of this test. */
const comparable = [...corefiles].filter(([, text]) => !/tls:\/\/|:6000\d/.test(text));
/** Lines about addresses of the machine, and what only tells of the server. */
const places = ['bind', 'health', 'ready', 'prometheus', 'reload', 'loop', 'multisocket', 'proxyproto', 'debug', 'on', 'errors', 'log'];
/** What both cannot have here: files of zones and keys, databases, other clusters, another server that is asked. */
const elsewhere = ['file', 'auto', 'dnssec', 'transfer', 'geoip', 'etcd', 'autopath', 'acl', 'k8s_external'];

/** The Corefile with this port, upstream and cluster, without the lines that are about other things. */
function playable(text: string, port: number): string {
  const rest = without(without(text, absentIn(text)), [...places, ...elsewhere]);
  return rest
    .replace(
      /^([^\s#(}][^{\n]*?)\s*\{\s*$/gm,
      (_, keys: string) =>
        `${keys
          .split(/[\s,]+/)
          .map((key) => `${key.replace(/:\d+$/, '')}:${port}`)
          .join(' ')} {`,
    )
    .replace(/^(\s+forward\s+\S+) .*?( \{)?$/gm, (_, start: string, brace = '') => `${start} ${upstream.endpoint}${brace}`)
    .replace(/^(\s+kubernetes\b.*)\{$/gm, (line) => `${line}\n        kubeconfig ${api.kubeconfig()}`)
    .replace(/^\s+multicluster .*\n/gm, '')
    .replace(/^import .*$/gm, '');
}

const questions = [
  ...['www.example.org A', 'www.example.org A', 'www.example.org AAAA +tcp', 'gone.example.org A', 'WWW.Example.org A +do +size=1232'],
  ...['kubernetes.default.svc.cluster.local A', 'kubernetes.default.svc.cluster.local AAAA', 'none.default.svc.cluster.local A', 'cluster.local SOA'],
  ...[
    '1.0.0.10.in-addr.arpa PTR',
    '20.2.0.192.in-addr.arpa PTR',
    'a.corp.example A',
    'www.corp.example A',
    'proxmox.home.example A',
    'none.home.example A',
  ],
  ...[
    'host.minikube.internal A',
    'localhost A',
    'api.ocp.example A',
    'x.my.lab A',
    'foo.corp.example A',
    'a.b.c.d.internal.cloudapp.net A',
    'x.apps.ocp.example A',
  ],
];

async function answersOf(port: number): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const [index, question] of questions.entries()) {
    const { transport, parts } = parseAsk(question);
    const seen = observed(await exchange({ port }, writeMessage(parts), { transport, timeout: 20_000 }), new Map());
    // Serial numbers and the seconds of cached answers differ from run to run, the order from answer to answer, letter case by intent.
    const lines = (records: readonly string[] = []) =>
      records
        .map((line) =>
          line
            .toLowerCase()
            .replace(/ \d+ (?=[a-z])/, ' ')
            .replace(/(hostmaster\.\S+) \d+/, '$1'),
        )
        .sort();
    told[`${index} ${question}`] = {
      reply: seen.reply,
      answer: lines(seen.answer),
      authority: lines(seen.authority),
      additional: lines(seen.additional),
    };
  }
  return told;
}

describe('the same answers as CoreDNS', () => {
  test.each(comparable)('%s', async (_, text) => {
    const [own, other] = [await freePort('0.0.0.0'), await freePort('0.0.0.0')];
    await using _program = await startProgram({ files: { Corefile: playable(text, own) } });
    const started = await judge({ corefile: playable(text, other), files: {}, env: {} });
    if ('refused' in started) throw new Error(`CoreDNS refuses it: ${started.refused.message}`);
    const running: Running = started;
    try {
      const wanted = await answersOf(other);
      expect(await answersOf(own)).toEqual(wanted);
    } finally {
      await running.stop();
    }
  });
});
