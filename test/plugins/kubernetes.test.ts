// The plugin kubernetes over real sockets: a played API server on one side, DNS queries on the other. What each name is answered with, test/parity compares
// with CoreDNS; here is what happens over time.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, freePort, serve, type TestServer } from 'ferrydns/testing';
import { describe, expect, test } from 'vitest';
import { externalName, headless, namespace, pod, service, slice } from '../support/cluster-objects.ts';
import { PlayedApi, type PlayedApiOptions } from '../support/played-api.ts';
import { startProgram } from '../support/program.ts';
import { watchFrame } from '../support/protobuf.ts';
import { soon } from '../support/soon.ts';

const objects = [namespace('default'), service('default/web', ['10.0.0.10']), headless('default/db'), slice('default/db-1', 'db', ['172.16.0.1'])];
const web = 'web.default.svc.cluster.local';
const db = 'db.default.svc.cluster.local';

interface Cluster extends AsyncDisposable {
  readonly api: PlayedApi;
  readonly server: TestServer;
  /** The addresses of a name, sorted; the response code where there are none. */
  addresses(name: string): Promise<string>;
}

interface ClusterOptions extends PlayedApiOptions {
  readonly lines?: readonly string[];
  readonly before?: string;
  readonly fault?: PlayedApi['fault'];
}

async function cluster({ lines = [], before = '', fault, ...options }: ClusterOptions = {}): Promise<Cluster> {
  const api = await PlayedApi.start(objects, options);
  if (fault !== undefined) api.fault = fault;
  const block = [`endpoint ${api.url}`, 'ttl 30', ...lines].join('\n  ');
  const server = await serve(`cluster.local in-addr.arpa {\n errors\n ${before}\n prometheus 127.0.0.1:0\n kubernetes {\n  ${block}\n }\n}`);
  return {
    api,
    server,
    async addresses(name) {
      const { answers, rcode } = await server.ask(name);
      return answers.length === 0
        ? rcode
        : answers
            .map((answer) => answer.split(' ').at(-1))
            .sort()
            .join(' ');
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await api[Symbol.asyncDispose]();
    },
  };
}

describe.each([
  ['streamed', {}],
  ['streamed as Protocol Buffers', { protobuf: true }],
  ['in pages', { streams: false, page: 1 }],
  ['in pages of Protocol Buffers', { protobuf: true, streams: false, page: 1 }],
  ['in pages, because the etcd of the cluster is old', { streams: 'old etcd' }],
] as const)('where lists are %s', (_, options) => {
  test('what comes, changes and goes is answered', async () => {
    await using it = await cluster(options);
    expect(await it.addresses(db)).toBe('172.16.0.1');
    it.api.put(slice('default/db-1', 'db', ['172.16.0.1', '172.16.0.2']));
    await expect.poll(() => it.addresses(db), soon).toBe('172.16.0.1 172.16.0.2');
    it.api.delete(slice('default/db-1', 'db', []));
    await expect.poll(() => it.addresses(db), soon).toBe('NXDOMAIN');
    it.api.put(service('default/late', ['10.0.0.11']));
    await expect.poll(() => it.addresses('late.default.svc.cluster.local'), soon).toBe('10.0.0.11');
    it.api.delete(namespace('default'));
    await expect.poll(() => it.addresses(web), soon).toBe('NXDOMAIN');
  });

  test('after a restart of the API server it goes on, and drops what is gone', async () => {
    await using it = await cluster(options);
    await it.api.stop();
    expect(await it.addresses(web)).toBe('10.0.0.10');
    it.api.put(service('default/new', ['10.0.0.12']));
    it.api.delete(service('default/web', []));
    await it.api.listen();
    await expect.poll(() => it.addresses('new.default.svc.cluster.local'), soon).toBe('10.0.0.12');
    await expect.poll(() => it.addresses(web), soon).toBe('NXDOMAIN');
    expect(await it.addresses(db)).toBe('172.16.0.1');
  });

  test('where no watch can go on, all is read anew and never missing', async () => {
    await using it = await cluster(options);
    for (let round = 0; round < 3; round++) {
      it.api.put(slice('default/db-1', 'db', [`172.16.1.${round}`]));
      it.api.delete(service(round % 2 === 0 ? 'default/web' : 'default/other', []));
      it.api.put(service(round % 2 === 0 ? 'default/other' : 'default/web', ['10.0.0.10']));
      it.api.compact();
      it.api.cut();
      await expect
        .poll(async () => [await it.addresses(db), await it.addresses(round % 2 === 0 ? web : 'other.default.svc.cluster.local')], soon)
        .toEqual([`172.16.1.${round}`, 'NXDOMAIN']);
    }
  });
});

describe('faults of the API server', () => {
  test('before it knows the cluster a name is not denied', async () => {
    await using it = await cluster({ lines: ['startup_timeout 1ms'], fault: () => ({ status: 500 }) });
    const { rcode, extendedErrors, authorities, flags } = await it.server.ask('gone.default.svc.cluster.local', 'A', { udpSize: 1232 });
    expect({ rcode, code: extendedErrors[0]?.code, flags }).toMatchObject({ rcode: 'SERVFAIL', code: 14, flags: expect.arrayContaining(['aa']) });
    expect(extendedErrors[0]?.text).toContain('waiting for namespaces, services, endpointslices of the Kubernetes API: failure 500');
    expect(authorities).toHaveLength(1);
    expect(it.server.lines.join('\n')).toContain('plugin/kubernetes: starting server with unsynced Kubernetes API');
    it.api.fault = () => undefined;
    await expect.poll(() => it.addresses('gone.default.svc.cluster.local'), soon).toBe('NXDOMAIN');
  });

  test('what is refused is named by the log', async () => {
    await using it = await cluster({
      lines: ['startup_timeout 1ms'],
      fault: ({ path }) => (path.endsWith('endpointslices') ? { status: 403, reason: 'endpointslices.discovery.k8s.io is forbidden' } : undefined),
    });
    await expect
      .poll(() => it.server.lines.join('\n'), soon)
      .toContain('Failed to list *v1.EndpointSlice: endpointslices.discovery.k8s.io is forbidden');
    expect(await it.addresses(web)).toBe('10.0.0.10');
    expect(await it.addresses(db)).toBe('SERVFAIL');
  });

  test('it waits as long as it is told', async () => {
    let refused = 0;
    await using it = await cluster({
      lines: ['startup_timeout 10s'],
      fault: ({ path }) => (path.endsWith('/services') && refused++ === 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined),
    });
    expect(await it.addresses(web)).toBe('10.0.0.10');
    expect(it.api.asked.filter(({ path }) => path.endsWith('/services'))).toHaveLength(2);
  });

  test('and no longer, however often it is told', async () => {
    let refused = 0;
    const times = 16;
    await using it = await cluster({
      lines: ['startup_timeout 1h'],
      fault: ({ path }) => (path.endsWith('/services') && refused++ < times ? { status: 429, headers: { 'retry-after': '0.1' } } : undefined),
    });
    expect(await it.addresses(web)).toBe('10.0.0.10');
    expect(it.api.asked.filter(({ path }) => path.endsWith('/services'))).toHaveLength(times + 1);
  });

  test('a watch that is cut again and again loses nothing', async () => {
    await using it = await cluster();
    for (let round = 0; round < 10; round++) {
      it.api.cut();
      it.api.put(slice('default/db-1', 'db', [`172.16.2.${round}`]));
      await expect.poll(() => it.addresses(db), soon).toBe(`172.16.2.${round}`);
    }
    const lists = it.api.asked.filter(({ path, query }) => path.endsWith('/endpointslices') && query.get('sendInitialEvents') === 'true');
    expect(lists).toHaveLength(1);
  });

  test('a connection that falls silent is noticed within a minute, and what was missed is heard', async () => {
    let passed = 0;
    await using api = await PlayedApi.start(objects);
    const corefile = `cluster.local {\n prometheus 127.0.0.1:0\n kubernetes {\n endpoint ${api.url}\n }\n}`;
    await using server = await serve(corefile, { now: () => performance.now() + passed });
    const staleness = async () => Number(/^ferrydns_kubernetes_staleness_seconds (\S+)/m.exec(await server.metrics())?.[1]);
    api.mute();
    api.put(slice('default/db-1', 'db', ['172.16.5.1']));
    passed = 49_000;
    expect(await staleness()).toBeGreaterThan(48);
    passed = 60_000;
    await expect.poll(async () => (await server.ask(db)).answers, soon).toEqual([`${db}. 5 IN A 172.16.5.1`]);
    await expect.poll(staleness, soon).toBeLessThan(48);
  });

  test('a refusal as Protocol Buffers says what is missing', async () => {
    const fault: PlayedApi['fault'] = ({ path }) => (path.endsWith('/services') ? { status: 403, reason: 'Forbidden' } : undefined);
    await using it = await cluster({ protobuf: true, lines: ['startup_timeout 0s'], fault });
    await expect.poll(() => it.server.lines.join('\n'), soon).toContain('Failed to list *v1.Service: Forbidden 403');
  });

  test('a refusal of every resume leads to lists, and not to a storm of them', async () => {
    await using it = await cluster({
      streams: false,
      fault: ({ query }) => (query.get('watch') === 'true' && !query.has('sendInitialEvents') ? { status: 410, reason: 'Expired' } : undefined),
    });
    it.api.put(slice('default/db-1', 'db', ['172.16.3.1']));
    await expect.poll(() => it.addresses(db), soon).toBe('172.16.3.1');
    it.api.put(slice('default/db-1', 'db', ['172.16.3.2']));
    await expect.poll(() => it.addresses(db), soon).toBe('172.16.3.2');
  });

  test('objects that are none are passed over, counted and named once', async () => {
    await using it = await cluster();
    const bad = { ...slice('default/db-1', 'db', ['172.16.4.1']), endpoints: 'none' };
    it.api.put(bad);
    it.api.send('/api/v1/services', '{"type":"ADDED","object":{"kind":"Service","metadata":{}}}\n{"type":"ADDED","object":7,}\n');
    it.api.put(service('default/after', ['10.0.0.13']));
    await expect.poll(() => it.addresses('after.default.svc.cluster.local'), soon).toBe('10.0.0.13');
    await expect.poll(() => it.server.metrics(), soon).toContain('ferrydns_kubernetes_malformed_objects_total{resource="endpointslices"} 1');
    expect(await it.addresses(db)).toBe('172.16.0.1');
    expect(it.server.lines.join('\n')).toContain('endpointslices default/db-1: endpoints: found "none", expected a list');
  });

  test('nor are frames that are no events', async () => {
    await using it = await cluster({ protobuf: true });
    const frame = watchFrame('ADDED', service('default/torn', ['10.0.0.14']));
    const torn = Buffer.concat([frame.subarray(0, 4), Buffer.alloc(frame.length - 4, 0xff)]);
    it.api.send('/api/v1/services', torn);
    it.api.put(service('default/after', ['10.0.0.13']));
    await expect.poll(() => it.addresses('after.default.svc.cluster.local'), soon).toBe('10.0.0.13');
    await expect.poll(() => it.server.metrics(), soon).toContain('ferrydns_kubernetes_malformed_objects_total{resource="services"} 1');
    expect(it.server.lines.join('\n')).toContain('a number of more than ten octets');
  });

  test('a namespace that goes with all that is in it is gone', async () => {
    await using it = await cluster();
    const many = Array.from({ length: 1000 }, (_, i) => service(`default/s${i}`, [`10.1.${i >> 8}.${i & 255}`]));
    for (const each of many) it.api.put(each);
    await expect.poll(() => it.addresses('s999.default.svc.cluster.local'), soon).toBe('10.1.3.231');
    for (const each of many) it.api.delete(each);
    it.api.delete(namespace('default'));
    await expect.poll(() => it.addresses(web), soon).toBe('NXDOMAIN');
    expect(await it.addresses('s999.default.svc.cluster.local')).toBe('NXDOMAIN');
  });
});

test('what the API server says is one line of the log', async () => {
  const fault = () => ({ status: 400, reason: 'a\nb\r\n[INFO] \u001b[31mc\n' }) as const;
  await using it = await cluster({ lines: ['startup_timeout 0s'], fault });
  await expect.poll(() => it.server.lines.join('\n'), soon).toContain('Failed to list *v1.Service: a b [INFO] [31mc 400');
});

test.each([
  ['kubeconfig', 'kubeconfig {{DIR}}/none', /^ +4 \|.*kubeconfig/m],
  ['tls', 'endpoint https://127.0.0.1:1\n  tls {{DIR}}/none none none', /^ +5 \|.*tls/m],
  ['tls', 'endpoint https://127.0.0.1:1\n  tls {{DIR}}/Corefile {{DIR}}/Corefile {{DIR}}/Corefile', /found no PEM/],
  ['endpoint', 'endpoint ftp://127.0.0.1', /^ +4 \|.*endpoint/m],
])('what is wrong with the way to the API server is told at %s', async (_, lines, expected) => {
  await expect(serve(`cluster.local {\n errors\n kubernetes {\n  ${lines}\n }\n}`)).rejects.toThrow(expected);
});

test('a token that was renewed on disk is used from the next request on', async () => {
  await using api = await PlayedApi.start(objects);
  const token = 'tokenFile: {{DIR}}/token';
  const kubeconfig = `current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: "${api.url}"}}]\nusers: [{name: a, user: {${token}}}]\n`;
  await using server = await serve('cluster.local {\n kubernetes {\n kubeconfig {{DIR}}/config\n }\n}', {
    files: { config: kubeconfig, token: 'old' },
  });
  expect(new Set(api.asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer old']));
  api.fault = ({ authorization }) => (authorization === 'Bearer new' ? undefined : { status: 401, reason: 'Unauthorized' });
  writeFileSync(join(server.directory, 'token'), 'new\n');
  api.cut();
  api.put(service('default/late', ['10.0.0.11']));
  await expect.poll(async () => (await server.ask('late.default.svc.cluster.local')).rcode, soon).toBe('NOERROR');
});

test('a reload goes on with the same watches', async () => {
  await using it = await cluster();
  const before = it.api.asked.length;
  await it.server.reload(`cluster.local {\n kubernetes {\n endpoint ${it.api.url}\n ttl 7\n }\n}`);
  expect((await it.server.ask(web)).answers).toEqual([`${web}. 7 IN A 10.0.0.10`]);
  expect(it.api.asked).toHaveLength(before);
  await it.server.reload('. {\n whoami\n}');
  await expect.poll(() => it.api.watching, soon).toBe(0);
});

test('the client of a query is known by its Pod, the last one that has its address', async () => {
  const api = await PlayedApi.start([...objects, pod('default/first', '127.0.0.1'), pod('other/second', '127.0.0.1', { labels: { app: 'x' } })]);
  await using _ = api;
  const log =
    'log . "{/kubernetes/client-namespace} {/kubernetes/client-pod-name} {/kubernetes/client-label/app} {/kubernetes/kind} {/kubernetes/service}"';
  await using server = await serve(`cluster.local {\n metadata\n ${log}\n kubernetes {\n endpoint ${api.url}\n pods verified\n }\n}`);
  await server.ask(web);
  await expect.poll(() => server.lines.join('\n'), soon).toContain('other second x svc web');
});

test('names that search paths make are denied here, and counted by the namespaces that are there', async () => {
  await using it = await cluster({ lines: ['fallthrough in-addr.arpa'] });
  const searched = ['www.example.org.default.svc.cluster.local', 'www.example.org.svc.cluster.local', 'www.example.org.cluster.local'];
  for (const name of [...searched, ...searched, 'gone.nowhere.svc.cluster.local']) expect(await it.addresses(name)).toBe('NXDOMAIN');
  const denials = (await it.server.metrics()).split('\n').filter((line) => line.startsWith('ferrydns_kubernetes_denials_total'));
  expect(denials.map((line) => line.replace(/^\S*(namespace="[^"]*")\S*/, '$1')).sort()).toEqual(['namespace="" 5', 'namespace="default" 2']);
});

test('of more namespaces than a metric should have labels some are counted together', async () => {
  await using it = await cluster();
  const many = Array.from({ length: 1010 }, (_, i) => `n${i}`);
  for (const name of many) it.api.put(namespace(name));
  it.api.put(service('n1009/last', ['10.0.0.14']));
  await expect.poll(() => it.addresses('last.n1009.svc.cluster.local'), soon).toBe('10.0.0.14');
  for (const name of many) await it.server.ask(`gone.${name}.svc.cluster.local`);
  const denials = (await it.server.metrics()).match(/^ferrydns_kubernetes_denials_total\{.*/gm) ?? [];
  expect(denials).toHaveLength(1001);
  const together = denials.filter((line) => line.includes('namespace=""')).map((line) => Number(line.split(' ').at(-1)));
  // Those that waited for the last service may be among them.
  expect(together[0]).toBeGreaterThanOrEqual(10);
});

describe('explain', () => {
  test('says how old the knowledge is, and why a name is answered so', async () => {
    await using it = await cluster();
    const notes = JSON.stringify(await it.server.explain('gone.default.svc.cluster.local'));
    expect(notes).toMatch(/the API server was heard of \d+ s ago/);
    expect(notes).toContain('cluster.local. has no such name');
  });
});

test('an alias that leads out of the cluster is looked up by the server', async () => {
  const api = await PlayedApi.start([...objects, externalName('default/out', 'www.example.org')]);
  await using _ = api;
  await using server = await serve(
    `. {\n hosts {\n 192.0.2.1 www.example.org\n fallthrough\n }\n kubernetes cluster.local {\n endpoint ${api.url}\n }\n}`,
  );
  expect((await server.ask('out.default.svc.cluster.local')).answers).toEqual([
    'out.default.svc.cluster.local. 5 IN CNAME www.example.org.',
    'www.example.org. 3600 IN A 192.0.2.1',
  ]);
});

describe('a cache in front', () => {
  test('forgets what a change makes false, and nothing else', async () => {
    await using it = await cluster({ before: 'cache 3600' });
    const names = [db, 'gone.default.svc.cluster.local', web, '1.0.16.172.in-addr.arpa'];
    const asked = async () =>
      (await Promise.all(names.map((name) => it.server.ask(name, name.endsWith('arpa') ? 'PTR' : 'A')))).map(
        ({ answers, rcode }) => answers.map((each) => each.split(' ').slice(4).join(' ')).join(',') || rcode,
      );
    expect(await asked()).toEqual(['172.16.0.1', 'NXDOMAIN', '10.0.0.10', '172-16-0-1.db.default.svc.cluster.local.']);
    expect(await asked()).toEqual(['172.16.0.1', 'NXDOMAIN', '10.0.0.10', '172-16-0-1.db.default.svc.cluster.local.']);
    it.api.put(slice('default/db-1', 'db', ['172.16.0.2']));
    it.api.put(service('default/gone', ['10.0.0.11']));
    await expect.poll(asked, soon).toEqual(['172.16.0.2', '10.0.0.11', '10.0.0.10', 'NXDOMAIN']);
    const hits = (text: string) => Number(/coredns_cache_hits_total\{[^}]*type="success"[^}]*\} (\d+)/.exec(text)?.[1]);
    const before = hits(await it.server.metrics());
    await it.server.ask(web);
    expect(hits(await it.server.metrics())).toBe(before + 1);
  });

  test('forgets an answer whatever was asked of the server with it', async () => {
    await using it = await cluster({ before: 'cache 3600' });
    const ways = [{}, { dnssecOk: true }, { checkingDisabled: true }, { recursionDesired: false }, { clientSubnet: '192.0.2.0/24' }];
    const asked = async () =>
      new Set((await Promise.all(ways.map((way) => it.server.ask(db, 'A', way)))).map(({ answers }) => answers[0]?.split(' ').at(-1)));
    expect(await asked()).toEqual(new Set(['172.16.0.1']));
    it.api.put(slice('default/db-1', 'db', ['172.16.0.2']));
    await expect.poll(asked, soon).toEqual(new Set(['172.16.0.2']));
  });
});

describe('several processes', () => {
  test('one watches, all answer and hear of changes', async () => {
    await using api = await PlayedApi.start(objects);
    const port = await freePort();
    const corefile = `cluster.local:${port} {\n bind 127.0.0.1\n multisocket 2\n cache 3600\n kubernetes {\n endpoint ${api.url}\n }\n}`;
    await using _ = await startProgram({ files: { Corefile: corefile } });
    // Each question comes from another port, so both processes get some.
    const addresses = async () =>
      new Set((await Promise.all(Array.from({ length: 24 }, () => ask({ port, name: db })))).map(({ answers }) => answers[0]?.split(' ').at(-1)));
    expect(await addresses()).toEqual(new Set(['172.16.0.1']));
    expect(api.watching).toBe(3);
    api.put(slice('default/db-1', 'db', ['172.16.0.2']));
    await expect.poll(addresses, soon).toEqual(new Set(['172.16.0.2']));
    expect(api.watching).toBe(3);
  });
});
