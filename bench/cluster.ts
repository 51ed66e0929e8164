// node bench/cluster.ts [COREDNS…]: memory of ferrydns, and of the CoreDNS binaries named, with 10,000 services and 100,000 endpoints of a played API server,
// while 5,000 queries a second arrive and everything is read anew every five seconds. Needs dnsperf.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from 'ferrydns/testing';
import { namespace, service, slice } from '../test/support/cluster-objects.ts';
import type { KubernetesObject } from '../test/support/kubernetes.ts';
import { PlayedApi } from '../test/support/played-api.ts';

const namespaces = 1000;
const services = 10_000;
const endpointsEach = 10;
const relists = 4;
const folder = mkdtempSync(join(tmpdir(), 'ferrydns-cluster-'));
const say = (text: string) => process.stdout.write(`${text}\n`);

function* objects(): Generator<KubernetesObject, void> {
  for (let i = 0; i < namespaces; i++) yield namespace(`ns${i}`);
  for (let i = 0; i < services; i++) {
    const place = `ns${i % namespaces}/svc${i}`;
    yield service(place, [`10.100.${i >> 8}.${i & 255}`]);
    const endpoints = Array.from({ length: endpointsEach }, (_, k) => i * endpointsEach + k).map((n) => ({
      address: `172.${16 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`,
      pod: `svc${i}-7d4f8b9c6-${n}`,
      zone: 'zone-a',
    }));
    yield slice(`${place}-abcde`, `svc${i}`, endpoints);
  }
}

/** MiB: resident now, and the most so far. */
function memoryOf({ pid }: ChildProcess): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return `${mebibytes('VmRSS')} MiB, at most ${mebibytes('VmHWM')} MiB`;
}

async function underLoad(port: number): Promise<string> {
  const load = spawn('dnsperf', ['-s', '127.0.0.1', '-p', `${port}`, '-d', join(folder, 'queries'), '-l', '5', '-Q', '5000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  load.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  await once(load, 'close');
  return /Queries lost:\s+\d+/.exec(output)?.[0].replace(/\s+/g, ' ') ?? 'dnsperf said nothing';
}

async function measure(name: string, command: readonly [string, ...string[]], api: PlayedApi): Promise<void> {
  const port = await freePort();
  const block = `endpoint ${api.url}\n pods insecure\n fallthrough in-addr.arpa\n ttl 30\n startup_timeout 60s`;
  writeFileSync(join(folder, 'Corefile'), `.:${port} {\n bind 127.0.0.1\n kubernetes cluster.local in-addr.arpa {\n ${block}\n }\n cache 30\n}\n`);
  const [program, ...words] = command;
  const begun = performance.now();
  const child = spawn(program, [...words, '-conf', 'Corefile'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => child.stdout.on('data', (chunk: Buffer) => /DNS-\d/.test(String(chunk)) && resolve()));
  say(`${name}: ready after ${Math.round(performance.now() - begun)} ms, ${memoryOf(child)}`);
  for (let relist = 1; relist <= relists; relist++) {
    api.put(service('ns0/svc0', [`10.200.0.${relist}`]));
    api.compact();
    api.cut();
    const lost = await underLoad(port);
    say(`${name}: relist ${relist}, ${memoryOf(child)}, ${lost}`);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const queries = Array.from({ length: services }, (_, i) => `svc${i}.ns${i % namespaces}.svc.cluster.local A`);
writeFileSync(join(folder, 'queries'), queries.join('\n'));
const api = await PlayedApi.start([...objects()]);
try {
  await measure('ferrydns', [process.execPath, join(import.meta.dirname, '../src/bin.ts')], api);
  for (const binary of process.argv.slice(2)) await measure(binary, [binary], api);
} finally {
  await api.stop();
  rmSync(folder, { recursive: true });
}
