// What the stores of shared plans are configured by, and what they make of services that do not answer as they should.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, type TestServer } from 'ferrydns/testing';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConfigMapStore } from '../../plugins/migrate/store/configmap.ts';
import { EtcdStore } from '../../plugins/migrate/store/etcd.ts';
import { Link } from '../../plugins/migrate/store/link.ts';
import { JsonClient } from '../../plugins/migrate/store/request.ts';
import type { Found, Kept, Store } from '../../plugins/migrate/store/store.ts';
import { readMessage } from '../support/message.ts';
import { refusal } from '../support/refusal.ts';
import { soon } from '../support/soon.ts';
import { silent } from '../support/udp.ts';

const name = 'www.example.org';
const sides = 'from 192.0.2.1\n to 192.0.2.2\n ttl 1\n admin off';
/** Nobody listens there. */
const nowhere = 'http://127.0.0.1:1';

const folder = mkdtempSync(join(tmpdir(), 'ferrydns-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (text: string) => {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, text);
  return path;
};

function corefile(...lines: readonly string[]): string {
  return `. {\n migrate ${name} {\n ${sides}\n ${lines.join('\n ')}\n }\n}\n`;
}

describe('refused, with the line', () => {
  test.each([
    ['an unknown store', ['store redis'], /:7 - .*unknown store 'redis', expected journal, etcd or configmap/],
    ['etcd without a place', ['store etcd'], /:7 - .*'etcd' without a place, expected URLs/],
    ['an endpoint that is no URL', ['store etcd 127.0.0.1:2379'], /:7 - .*'127\.0\.0\.1:2379' is not the URL of an etcd server/],
    ['a second endpoint with a path', ['store etcd http://127.0.0.1:1 http://127.0.0.1:2/v3'], /:7 - .*'http:\/\/127\.0\.0\.1:2\/v3' is not the URL/],
    ['a ConfigMap without a name', ['store configmap'], /:7 - .*'configmap' without a place, expected a name/],
    ['the name of no ConfigMap', ['store configmap a/b/c'], /:7 - .*'a\/b\/c' is not the name of a ConfigMap/],
    ['two ConfigMaps', ['store configmap a b'], /:7 - .*unexpected 'b'/],
    ['a place of the journal', ['store journal here'], /:7 - .*unexpected 'here'/],
    ['a session shorter than three skews', [`store etcd ${nowhere}`, 'session 2s', 'skew 1s'], /:8 - .*2 seconds, expected at least 3/],
    ['a replica alone', ['replica one'], /:7 - .*'replica' without a store that servers share/],
    ['a certificate alone', ['store_tls cert key'], /:7 - .*'store_tls' without 'store etcd'/],
    ['credentials for Kubernetes', ['store configmap a', 'store_credentials ann file'], /:8 - .*'store_credentials' without 'store etcd'/],
    ['a kubeconfig for etcd', [`store etcd ${nowhere}`, 'kubeconfig file'], /:8 - .*'kubeconfig' without 'store configmap'/],
    ['a certificate that is not there', [`store etcd ${nowhere}`, 'store_tls cert key'], /ENOENT.*cert/],
    ['a password that is not there', [`store etcd ${nowhere}`, 'store_credentials ann password'], /ENOENT.*password/],
    ['a kubeconfig that is not there', ['store configmap a', 'kubeconfig config'], /config: ENOENT/],
    [
      'no cluster around it',
      ['store configmap a'],
      /no KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, expected to run in a cluster, or 'kubeconfig FILE'/,
    ],
  ] as const)('%s', async (_, lines, message) => {
    expect(await refusal(corefile(...lines))).toMatch(message);
  });

  test('a kubeconfig without what it should have', async () => {
    const message = await refusal(corefile('store configmap a', `kubeconfig ${file('contexts: []')}`));
    expect(message).toMatch(/no current-context, expected the name of a context/);
  });
});

describe('with neither journal nor store', () => {
  const told = async (server: TestServer) => {
    const { rcode, wire } = await server.ask(name, 'A', { udpSize: 1232 });
    const error = readMessage(wire).opt?.options.find(({ code }) => code === 15)?.data;
    return `${rcode} ${Number.parseInt(error ?? '', 16)}`;
  };

  test.each(['exclusive', 'blend'])('a server of the plan (%s) holds queries, then says that it is not ready (R5)', async (mode) => {
    await using server = await serve(corefile(`mode ${mode}`, 'hold 300ms', `store etcd ${nowhere}`));
    const before = performance.now();
    expect(await told(server)).toBe('SERVFAIL 14');
    expect(performance.now() - before).toBeGreaterThanOrEqual(290);
    // An epoch 0 would be a rollback to who looks for changes, once the store is heard.
    expect(await server.metrics()).not.toContain('ferrydns_migration_epoch{');
    expect(server.lines.join('\n')).toContain(
      `${nowhere} key /ferrydns/migrations/${name} cannot be heard: ${nowhere}/v3/kv/range: connect ECONNREFUSED`,
    );
  });
});

interface Service extends AsyncDisposable {
  readonly url: string;
  /** Method and path of every request. */
  readonly asked: readonly string[];
}

/** An HTTP service that answers as the test says. */
async function service(answer: RequestListener): Promise<Service> {
  const asked: string[] = [];
  const http = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => answer(request, response));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const bound = http.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`;
  return {
    url,
    asked,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const says = (status: number, body: string): RequestListener => {
  return (_, response) => void response.writeHead(status).end(body);
};
const kept = { agreement: { epoch: 1, phase: 'original', members: {} }, changed: null, runs: {} } as unknown as Kept;
const encoded = (value: string) => Buffer.from(value).toString('base64');

test('a reload that cannot open the store anew goes on with it as it was', async () => {
  await using etcd = await service((request, response) =>
    says(request.url?.includes('auth') === true ? 200 : 503, '{"token":"t"}')(request, response),
  );
  const password = file('secret');
  const text = corefile(`store etcd ${etcd.url}`, `store_credentials ann ${password}`);
  await using server = await serve(text);
  rmSync(password);
  await server.reload(text);
  expect(server.lines.join('\n')).toMatch(/the store cannot be opened as the configuration says, it is asked as before: ENOENT/);
  const before = etcd.asked.length;
  await vi.waitFor(() => expect(etcd.asked.length).toBeGreaterThan(before + 1), soon);
});

describe('etcd', () => {
  const patient = (patience: number, ...endpoints: readonly string[]) =>
    new EtcdStore({ endpoints, plan: 'p', credentials: {}, login: undefined, patience });
  const store = (...endpoints: readonly string[]) => patient(soon.timeout, ...endpoints);

  test('silence is an error', async () => {
    await using etcd = await service(() => {});
    await expect(patient(100, etcd.url).read()).rejects.toThrow('no answer within 100 ms');
  });

  test.each([
    ['a failure', says(503, '{"error":"etcdserver: no leader"}'), /status 503: etcdserver: no leader/],
    ['a failure in words', says(500, 'out of order'), /status 500: out of order/],
    ['a page', says(200, '<html>'), /JSON/],
    [
      'an end in the middle',
      (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy()),
      /aborted|hang up/,
    ],
    ['too much', says(200, ' '.repeat((4 << 20) + 1)), /an answer of more than 4194304 octets/],
    [
      'a value of somebody else',
      says(200, JSON.stringify({ kvs: [{ value: encoded('hello'), mod_revision: '7' }] })),
      /holds 'hello', expected the agreement of a plan/,
    ],
  ] as const satisfies readonly (readonly [string, RequestListener, RegExp])[])('%s is an error', async (_, answer, message) => {
    await using etcd = await service(answer);
    await expect(store(etcd.url).read()).rejects.toThrow(message);
  });

  test('an endpoint that fails is followed by the next one, and so on round', async () => {
    await using sick = await service(says(500, ''));
    await using well = await service(says(200, '{}'));
    const both = store(sick.url, well.url);
    await expect(both.read()).rejects.toThrow(sick.url);
    expect(await both.read()).toEqual({ version: 0, kept: null });
    expect(await both.read()).toEqual({ version: 0, kept: null });
    expect([sick.asked.length, well.asked.length]).toEqual([1, 2]);
  });

  test('a swap that met another version brings what is there', async () => {
    const kvs = [{ value: encoded(JSON.stringify(kept)), mod_revision: '7' }];
    await using etcd = await service(says(200, JSON.stringify({ header: { revision: '9' }, responses: [{ response_range: { kvs } }] })));
    expect(await store(etcd.url).swap({ expect: 3, kept, why: '', by: '' })).toEqual({ done: false, found: { version: 7, kept } });
  });

  test('a token that has run out is fetched anew, once', async () => {
    let token = 0;
    await using etcd = await service(({ url, headers }, response) => {
      if (url === '/v3/auth/authenticate') response.end(JSON.stringify({ token: `t${++token}` }));
      else if (headers.authorization === 't2') response.end('{}');
      else response.writeHead(401).end('{"error":"invalid auth token"}');
    });
    const guarded = new EtcdStore({
      endpoints: [etcd.url],
      plan: 'p',
      credentials: {},
      login: { user: 'ann', password: 'x' },
      patience: soon.timeout,
    });
    expect(await guarded.read()).toEqual({ version: 0, kept: null });
    expect(await guarded.read()).toEqual({ version: 0, kept: null });
    expect(etcd.asked.map((each) => each.split('/').at(-1))).toEqual(['authenticate', 'range', 'authenticate', 'range', 'range']);
  });
});

describe('a ConfigMap', () => {
  const store = (url: string, { pods = false, patience = soon.timeout } = {}) => {
    const access = { url, trust: {}, namespace: 'dns', identity: async () => ({}), refused() {} };
    return new ConfigMapStore({ access, namespace: 'dns', name: 'm', plan: 'p', pods, patience });
  };
  test('silence is an error', async () => {
    await using api = await service(() => {});
    await expect(store(api.url, { patience: 100 }).read()).rejects.toThrow('no answer within 100 ms');
  });

  const map = (value: string) => says(200, JSON.stringify({ metadata: { name: 'm', namespace: 'dns', resourceVersion: '1' }, data: { p: value } }));

  test.each([
    ['a failure', says(500, '{"message":"etcd is away"}'), /ConfigMap dns\/m key p: status 500: etcd is away/],
    ['a refusal', says(403, '{"message":"configmaps is forbidden"}'), /status 403: configmaps is forbidden/],
    ['a page', says(200, '<html>'), /JSON/],
    ['a value of somebody else', map('hello'), /holds 'hello', expected the agreement of a plan/],
    ['a value without a version', map(JSON.stringify(kept)), /has no version/],
  ] as const satisfies readonly (readonly [string, RequestListener, RegExp])[])('%s is an error', async (_, answer, message) => {
    await using api = await service(answer);
    await expect(store(api.url).read()).rejects.toThrow(message);
  });

  test('one that others change all the time is given up after a few attempts', async () => {
    await using api = await service((request, response) => {
      if (request.method === 'GET') map(JSON.stringify({ ...kept, version: 3 }))(request, response);
      else response.writeHead(409).end('{}');
    });
    await expect(store(api.url).swap({ expect: 3, kept, why: '', by: '' })).rejects.toThrow('was changed by others again and again');
    expect(await store(api.url).swap({ expect: 2, kept, why: '', by: '' })).toMatchObject({ done: false, found: { version: 3 } });
  });

  test('a replica is gone only when its Pod is known not to be there', async () => {
    await using none = await service(says(404, '{}'));
    await using forbidden = await service(says(403, '{}'));
    expect(store(none.url).isGone).toBeUndefined();
    expect(await store(none.url, { pods: true }).isGone?.('pod-1')).toBe(true);
    await expect(store(forbidden.url, { pods: true }).isGone?.('pod-1')).rejects.toThrow('status 403');
  });
});

test('a client that is closed lets what is on its way come to its end', async () => {
  await using slow = await service((_, response) => void setTimeout(() => response.end('done'), 100));
  const client = new JsonClient({}, soon.timeout);
  const answer = client.ask({ method: 'GET', url: slow.url });
  client.close();
  expect(await answer).toEqual({ status: 200, text: 'done' });
});

test('what a swap has done whose answer was lost is known as its own', async () => {
  let found: Found = { version: 0, kept: null };
  let lost = false;
  const store: Store = {
    place: 'a store',
    read: () => Promise.resolve(found),
    swap: ({ kept: next }) => {
      found = { version: found.version + 1, kept: next };
      if (lost) return Promise.resolve({ done: true, version: found.version });
      lost = true;
      return Promise.reject(new Error('no answer'));
    },
    close: () => {},
  };
  const heard: string[][] = [];
  const link = new Link({
    store,
    replica: 'one',
    shared: true,
    earlier: new Set(),
    log: silent,
    now: () => performance.now(),
    heard: (event) => void (event.kind === 'read' && heard.push(Object.keys(event.agreement?.members ?? {}))),
    changed: () => {},
    usurped: () => {},
  });
  onTestFinished(() => link.close());
  await link.read();
  const agreement = { epoch: 1, phase: 'original', members: { one: {} } } as unknown as Kept['agreement'];
  expect(await link.swap({ kind: 'commit', id: 1, expect: 0, agreement, why: 'registered', by: 'one' })).toMatchObject({ kind: 'unreachable' });
  await link.read();
  expect(heard).toEqual([[], ['one']]);
});
