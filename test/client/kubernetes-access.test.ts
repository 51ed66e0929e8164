// How the Kubernetes API is reached: kubeconfig files, programs that know credentials, and what a Pod is given.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accessByAddress, accessByFile, accessInCluster, apiUrl } from 'ferrydns/built-in/kubernetes';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, text);
  return path;
}
const pem = (what: string) => `-----BEGIN ${what}-----\n-----END ${what}-----\n`;
const encoded = (text: string) => Buffer.from(text).toString('base64');

const whole = {
  'current-context': 'one',
  contexts: [
    { name: 'one', context: { cluster: 'c', user: 'u', namespace: 'dns' } },
    { name: 'two', context: { cluster: 'c', user: 'vendor' } },
  ],
  clusters: [{ name: 'c', cluster: { server: 'https://k.example:6443/', 'certificate-authority-data': encoded(pem('ca')) } }],
  users: [
    { name: 'u', user: { token: 'secret' } },
    { name: 'vendor', user: { 'auth-provider': { name: 'gcp' } } },
  ],
};
const read = (changes: object, context?: string) => accessByFile(file(JSON.stringify({ ...whole, ...changes })), context);
const user = (settings: object) => read({ users: [{ name: 'u', user: settings }] });

describe('a kubeconfig', () => {
  test('says where the API is, who asks and in which namespace', async () => {
    const access = read({});
    expect(access).toMatchObject({ url: 'https://k.example:6443', namespace: 'dns', trust: { ca: pem('ca') } });
    expect(await access.identity()).toMatchObject({ token: 'secret' });
    const certified = user({ 'client-certificate': file(pem('cert')), 'client-key-data': encoded(pem('key')) });
    expect(await certified.identity()).toEqual({ token: undefined, cert: pem('cert'), key: pem('key') });
  });

  test('names a server by another name, or trusts any', () => {
    const cluster = { server: 'https://192.0.2.1', 'tls-server-name': 'k.example', 'insecure-skip-tls-verify': true };
    expect(read({ clusters: [{ name: 'c', cluster }] }).trust).toMatchObject({ servername: 'k.example', rejectUnauthorized: false });
  });

  test('tokens and certificates in files are read each time', async () => {
    const token = file('old\n');
    const access = user({ tokenFile: token });
    expect(await access.identity()).toMatchObject({ token: 'old' });
    writeFileSync(token, 'new\n');
    expect(await access.identity()).toMatchObject({ token: 'new' });
  });

  test.each([
    ['a context that is not there', {}, 'three', /no context 'three' in contexts/],
    ['a user of a vendor', {}, 'two', /a user with an auth-provider, expected a token, certificates or 'exec'/],
    ['no cluster', { clusters: [] }, undefined, /no cluster 'c' in clusters/],
    ['a cluster without a server', { clusters: [{ name: 'c', cluster: {} }] }, undefined, /'' is not the URL of a Kubernetes API server/],
    ['a list that is none', { users: 7 }, undefined, /no user 'u' in users/],
    ['a program without a name', { users: [{ name: 'u', user: { exec: {} } }] }, undefined, /no command in 'exec'/],
    [
      'an authority that is no PEM',
      { clusters: [{ name: 'c', cluster: { server: 'a', 'certificate-authority-data': '!!!' } }] },
      undefined,
      /certificate-authority-data: found no PEM/,
    ],
    [
      'a key that is no PEM',
      { users: [{ name: 'u', user: { 'client-key': file('DER') } }] },
      undefined,
      /file-\d+: found no PEM, expected '-----BEGIN …'/,
    ],
    ['a certificate that is not there', { users: [{ name: 'u', user: { 'client-certificate': '/nowhere.crt' } }] }, undefined, /ENOENT.*nowhere/],
  ] as const)('%s is refused', (_, changes, context, message) => {
    expect(() => read(changes, context)).toThrow(message);
  });

  test('text that is no YAML, or nothing, is refused with the name of the file', () => {
    const broken = file('a: [');
    expect(() => accessByFile(broken, undefined)).toThrow(broken);
    expect(() => accessByFile(file(''), undefined)).toThrow('no kubeconfig');
  });
});

describe('a program that knows credentials', () => {
  function program(script: string) {
    const path = file(`#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o700);
    return path;
  }
  const says = (status: object) => `cat <<'END'\n${JSON.stringify({ kind: 'ExecCredential', status })}\nEND`;

  test('is asked once, and again when its credential was refused', async () => {
    const count = file('');
    const command = program(`echo "$1 $KIND" >> ${count}\n${says({ token: 'from a program' })}`);
    const access = user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args: ['get'], env: [{ name: 'KIND', value: 'aws' }] } });
    expect(await Promise.all([access.identity(), access.identity()])).toMatchObject([{ token: 'from a program' }, { token: 'from a program' }]);
    await access.identity();
    expect(readFileSync(count, 'utf8')).toBe('get aws\n');
    access.refused();
    await access.identity();
    expect(readFileSync(count, 'utf8')).toBe('get aws\nget aws\n');
  });

  test('is asked again when the credential has run out', async () => {
    const count = file('');
    const command = program(`echo x >> ${count}\n${says({ token: 't', expirationTimestamp: '2020-01-01T00:00:00Z' })}`);
    const access = user({ exec: { command } });
    await access.identity();
    await access.identity();
    expect(readFileSync(count, 'utf8')).toBe('x\nx\n');
  });

  test('gives certificates, and is told of the cluster where it wants to know', async () => {
    const seen = file('');
    const command = program(`echo "$KUBERNETES_EXEC_INFO" > ${seen}\n${says({ clientCertificateData: 'c', clientKeyData: 'k' })}`);
    expect(await user({ exec: { command, provideClusterInfo: true } }).identity()).toMatchObject({ cert: 'c', key: 'k' });
    expect(JSON.parse(readFileSync(seen, 'utf8'))).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://k.example:6443', 'certificate-authority-data': encoded(pem('ca')) } },
    });
  });

  test.each([
    ['fails', 'echo "not logged in" >&2; exit 3', /not logged in/],
    ['says no JSON', 'echo hello', /found 'hello\n', expected an ExecCredential in JSON/],
    ['says no credential', says({}), /found neither token nor clientCertificateData/],
  ])('one that %s is named', async (_, script, message) => {
    const command = program(script);
    const asked = user({ exec: { command } }).identity();
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toThrow(command);
  });
});

describe('inside of a cluster', () => {
  test('the folder of the service account says who asks, each time anew', async () => {
    const account = mkdtempSync(join(folder, 'account-'));
    for (const [each, text] of Object.entries({ token: 'old\n', namespace: 'dns\n', 'ca.crt': pem('ca') })) writeFileSync(join(account, each), text);
    const environment = { KUBERNETES_SERVICE_HOST: '::1', KUBERNETES_SERVICE_PORT: '6443' };
    const access = accessInCluster({ environment, folder: account });
    expect(access).toMatchObject({ url: 'https://[::1]:6443', namespace: 'dns', trust: { ca: pem('ca') } });
    expect(await access.identity()).toEqual({ token: 'old' });
    writeFileSync(join(account, 'token'), 'new\n');
    expect(await access.identity()).toEqual({ token: 'new' });
  });

  test('elsewhere what is missing is named', () => {
    expect(() => accessInCluster({ environment: {}, folder })).toThrow(
      "no KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, expected to run in a cluster, or 'kubeconfig FILE'",
    );
  });
});

test('an address with certificates says who asks and whom to trust', async () => {
  const access = accessByAddress('https://k.example:6443/', { cert: file(pem('c')), key: file(pem('k')), ca: file(pem('a')) });
  expect(access).toMatchObject({ url: 'https://k.example:6443', trust: { ca: pem('a') } });
  expect(await access.identity()).toEqual({ cert: pem('c'), key: pem('k') });
  expect(apiUrl('127.0.0.1:8080')).toBe('http://127.0.0.1:8080');
  for (const url of ['ftp://k.example', '10.0.0.0/8']) {
    expect(() => accessByAddress(url, undefined)).toThrow(`'${url}' is not the URL of a Kubernetes API server`);
  }
});
