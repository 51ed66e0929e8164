// Sees to it that the programs of these tests are there: etcd, kube-apiserver and CoreDNS. The last two are built with Go where they are missing, once.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtPrograms, findProgram } from '../services/needs.ts';

const kubernetesVersion = '1.34.4';
const corednsVersion = '1.14.7';
/** The modules that Kubernetes keeps in its own tree: outside of it they have versions of their own. */
const staging =
  'api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator component-base component-helpers ' +
  'controller-manager cri-api cri-client csi-translation-lib dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager ' +
  'kube-proxy kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin sample-controller';

if (findProgram('etcd') === undefined) fail('etcd is missing: install it (Debian: apt install etcd-server), or name its folder in FERRYDNS_PROGRAMS');
mkdirSync(builtPrograms, { recursive: true });
if (findProgram('kube-apiserver') === undefined) buildApiServer();
if (process.env['COREDNS'] === undefined && findProgram('coredns') === undefined) {
  say(`building CoreDNS ${corednsVersion} into ${builtPrograms}; this takes some minutes`);
  go(['install', `github.com/coredns/coredns@v${corednsVersion}`], { GOBIN: builtPrograms });
}

function buildApiServer(): void {
  say(`building kube-apiserver ${kubernetesVersion} into ${builtPrograms}; this takes about ten minutes, 140 MB of downloads and 100 MB of disk`);
  const folder = mkdtempSync(join(tmpdir(), 'ferrydns-apiserver-'));
  const replaced = staging.split(' ').map((name) => `\tk8s.io/${name} => k8s.io/${name} v${kubernetesVersion.replace(/^1/, '0')}`);
  writeFileSync(
    join(folder, 'go.mod'),
    `module build\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v${kubernetesVersion}\n\nreplace (\n${replaced.join('\n')}\n)\n`,
  );
  writeFileSync(join(folder, 'program.go'), '//go:build tools\n\npackage build\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver"\n');
  const flags = `-s -w -X k8s.io/component-base/version.gitVersion=v${kubernetesVersion}`;
  const output = join(builtPrograms, 'kube-apiserver');
  go(['build', '-mod=mod', '-buildvcs=false', '-ldflags', flags, '-o', output, 'k8s.io/kubernetes/cmd/kube-apiserver'], {}, folder);
  rmSync(folder, { recursive: true });
}

function go(args: readonly string[], environment: Readonly<Record<string, string>>, cwd = tmpdir()): void {
  const { error, status } = spawnSync('go', args, { cwd, env: { ...process.env, ...environment }, stdio: 'inherit' });
  if (error !== undefined)
    fail('Go is missing: install Go 1.25 or later (https://go.dev/dl/), or name a folder with the programs in FERRYDNS_PROGRAMS');
  if (status !== 0) fail(`go ${args[0]} failed, see above`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
