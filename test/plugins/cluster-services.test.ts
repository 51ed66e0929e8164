// Plans and pools whose sides are services of a cluster: a played API server on one side, DNS queries on the other.
import { freePort, serve } from 'ferrydns/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { externalName, headless, namespace, service, slice } from '../support/cluster-objects.ts';
import type { KubernetesObject } from '../support/kubernetes.ts';
import { addressesOf, PlanServer, stopTime } from '../support/migration.ts';
import { PlayedApi } from '../support/played-api.ts';
import { soon } from '../support/soon.ts';

const plan = 'www.example.org';

const shop = [
  namespace('shop'),
  namespace('store'),
  service('shop/db', ['10.0.0.1']),
  slice('shop/db-1', 'db', [
    { address: '172.16.0.1', zone: 'a', node: 'n1' },
    { address: '172.16.0.2', zone: 'B', node: 'n2' },
  ]),
  headless('store/db'),
  slice('store/db-1', 'db', ['172.17.0.1', '172.17.0.2']),
  externalName('store/alias', 'db.example.net'),
  service('store/idle', ['10.0.0.9']),
];

interface Words {
  readonly from?: string;
  readonly to?: string;
  readonly options?: readonly string[];
  readonly kubernetes?: readonly string[];
  readonly objects?: readonly KubernetesObject[];
  readonly multisocket?: boolean;
}

class Cluster implements AsyncDisposable {
  readonly api: PlayedApi;
  readonly server: PlanServer;

  private constructor(api: PlayedApi, server: PlanServer) {
    this.api = api;
    this.server = server;
  }

  /** The plan and the cluster are in server blocks of their own. */
  static async start(words: Words = {}): Promise<Cluster> {
    const api = await PlayedApi.start(words.objects ?? shop);
    return new Cluster(api, new PlanServer(await serve(corefileOf(api, words), { now: () => Date.now() })));
  }

  async addresses(name = plan, type = 'A'): Promise<string> {
    const answer = await this.server.ask(name, type);
    return addressesOf(answer).sort().join(' ') || answer.rcode;
  }

  /** Lets time pass until the name is answered so. */
  async answers(expected: string): Promise<void> {
    await this.server.when(plan, () => true);
    await expect
      .poll(async () => {
        await this.server.pass(plan, 100);
        return this.addresses();
      }, soon)
      .toBe(expected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.running.stop();
    await this.api[Symbol.asyncDispose]();
  }
}

function corefileOf(api: PlayedApi, { from = 'service/shop/db', to = 'service/store/db', options = [], kubernetes = [] }: Words): string {
  return `example.org {
  migrate ${plan} {
    from ${from}
    to ${to}
    ttl 5
    transition_ttl 1
    admin 127.0.0.1:0
    ${options.join('\n    ')}
  }
}
cluster.local {
  kubernetes {
    endpoint ${api.url}
    ${kubernetes.join('\n    ')}
  }
}`;
}

beforeEach(stopTime);
afterEach(() => void vi.useRealTimers());

describe('a service as a side of a move', () => {
  test('leads to its cluster address, and one without to its endpoints', async () => {
    await using it = await Cluster.start();
    expect(await it.addresses()).toBe('10.0.0.1');
    await it.server.when(plan, ({ health }) => health.to === 'healthy');
    expect(await it.server.order(plan, 'start')).toBeUndefined();
    await it.server.advance(plan);
    expect(await it.addresses()).toBe('10.0.0.1 172.17.0.1 172.17.0.2');
    await it.server.advance(plan);
    expect(await it.addresses()).toBe('172.17.0.1 172.17.0.2');
    expect((await it.server.ask(plan, 'HTTPS')).rcode).toBe('NOERROR');
  });

  test.each([
    ['service/shop/db?zone=b', '172.16.0.2'],
    ['service/shop/db?zone=B', '172.16.0.2'],
    ['service/shop/db?node=n1', '172.16.0.1'],
    ['service/shop/db?port=http', '172.16.0.1 172.16.0.2'],
    ['service/shop/db?port=sql', 'SERVFAIL'],
    ['service/shop/db?zone=a&node=n2', 'SERVFAIL'],
  ])('%s leads to %s', async (from, expected) => {
    await using it = await Cluster.start({ from });
    expect(await it.addresses()).toBe(expected);
  });

  test('follows its addresses in the middle of a move', async () => {
    await using it = await Cluster.start();
    await it.server.when(plan, ({ health }) => health.to === 'healthy');
    await it.server.order(plan, 'start');
    await it.server.advance(plan);
    it.api.put(slice('store/db-1', 'db', ['172.17.0.3']));
    it.api.put(service('shop/db', ['10.0.0.2']));
    await it.answers('10.0.0.2 172.17.0.3');
    // A cluster address is given to another service as soon as this one has lost it.
    await it.server.advance(plan);
    await it.answers('172.17.0.3');
    await it.server.when(plan, ({ phase, horizon }) => phase === 'done' && horizon.a_may_be_switched_off !== null);
    expect(await it.addresses()).toBe('172.17.0.3');
  });

  test('that loses its endpoints leaves the answers until it has some again', async () => {
    await using it = await Cluster.start();
    await it.server.when(plan, ({ health }) => health.to === 'healthy');
    await it.server.order(plan, 'start');
    await it.server.advance(plan);
    it.api.delete(slice('store/db-1', 'db', []));
    await it.answers('10.0.0.1');
    expect((await it.server.status(plan)).health.to).toBe('unhealthy');
    expect(it.server.running.lines.join('\n')).toContain('B: service store/db has no endpoint that is ready');
    it.api.put(slice('store/db-1', 'db', ['172.17.0.1']));
    await it.answers('10.0.0.1 172.17.0.1');
  });

  test('that is deleted is answered neither empty nor by its old address, and the plan does not start', async () => {
    await using it = await Cluster.start();
    it.api.delete(service('shop/db', []));
    await it.answers('SERVFAIL');
    expect((await it.server.ask(plan, 'A', { udpSize: 1232 })).extendedErrors.map(({ code }) => code)).toEqual([14]);
    it.api.put(service('shop/db', ['10.0.0.1']));
    await it.answers('10.0.0.1');
    it.api.delete(namespace('store'));
    await it.server.when(plan, ({ health }) => health.to === 'unhealthy');
    expect(await it.server.order(plan, 'start')).toContain('B is not healthy');
  });

  test('when chance leads to a service that is gone, the other side stands in', async () => {
    await using it = await Cluster.start({ options: ['weight 1%'] });
    await it.server.when(plan, ({ health }) => health.to === 'healthy');
    await it.server.order(plan, 'start');
    await it.server.advance(plan);
    it.api.delete(service('shop/db', []));
    await it.answers('172.17.0.1 172.17.0.2');
    for (let i = 0; i < 20; i++) expect(await it.addresses()).toBe('172.17.0.1 172.17.0.2');
  });

  test.each([
    ['service/store/idle', 'service store/idle has no endpoint that is ready'],
    ['service/store/none', 'service store/none is not there'],
    ['service/nowhere/db', 'namespace nowhere is not there, or not exposed'],
    ['service/store/alias', 'is of type ExternalName: put db.example.net in its place'],
    ['service/store/db?zone=c', 'service/store/db?zone=c has no endpoint that is ready'],
  ])('%s cannot be moved to', async (to, why) => {
    await using it = await Cluster.start({ to });
    await it.server.when(plan, ({ health }) => health.to === 'unhealthy');
    expect(await it.server.order(plan, 'start')).toContain('B is not healthy');
    expect(it.server.running.lines.join('\n')).toContain(why);
    expect(await it.addresses()).toBe('10.0.0.1');
  });

  test('with addresses of both families is answered by both, and one that lacks a family of A cannot be moved to', async () => {
    const dual = [...shop, service('shop/dual', ['10.0.0.7', 'fd00:10::7']), slice('shop/dual-1', 'dual', ['172.16.0.7'])];
    await using it = await Cluster.start({ from: 'service/shop/dual', objects: dual });
    expect([await it.addresses(), await it.addresses(plan, 'AAAA')]).toEqual(['10.0.0.7', 'fd00:10::7']);
    await it.server.when(plan, ({ health }) => health.to === 'unhealthy');
    expect(it.server.running.lines.join('\n')).toContain('B has no IPv6 address, and A has');
    it.api.put(slice('store/db-2', 'db', ['fd00:17::1']));
    await it.server.when(plan, ({ health }) => health.to === 'healthy');
  });

  test('in an exclusive plan A and B cannot be one place', async () => {
    const options = ['mode exclusive', 'fence exec /bin/true'];
    await using it = await Cluster.start({ from: 'service/store/db', to: 'service/store/db?port=http', options });
    await it.server.when(plan, ({ health }) => health.to === 'unhealthy');
    expect(it.server.running.lines.join('\n')).toContain('is an address of A and of B');
    expect(await it.server.order(plan, 'start')).toContain('B is not healthy');
  });

  test('that is not known yet is not answered, and what is known is answered while the API server is away', async () => {
    const api = await PlayedApi.start(shop);
    await api.stop();
    await using server = new PlanServer(await serve(corefileOf(api, { kubernetes: ['startup_timeout 0s'] }), { now: () => Date.now() }));
    await server.when(plan, ({ health }) => health.to === 'unknown');
    expect((await server.ask(plan)).rcode).toBe('SERVFAIL');
    await api.listen();
    await expect.poll(async () => addressesOf(await server.ask(plan)), soon).toEqual(['10.0.0.1']);
    await api.stop();
    await server.pass(plan, 60_000);
    expect(addressesOf(await server.ask(plan))).toEqual(['10.0.0.1']);
    await server.running.stop();
  });
});

describe('a configuration is refused', () => {
  const refused = async (corefile: string) => serve(corefile).then(() => 'taken', String);

  test.each([
    ['of a namespace that is not exposed', 'namespaces shop', 'service/store/db', 'namespace store is not exposed'],
    ['that chooses among endpoints that are left out', 'noendpoints', 'service/store/db?zone=a', "which 'noendpoints' leaves out"],
  ])('for a service %s', async (_, option, to, why) => {
    await using api = await PlayedApi.start(shop);
    expect(await refused(corefileOf(api, { to, kubernetes: [option] }))).toContain(why);
  });

  test('where nobody knows services, or more than one', async () => {
    const lonely = 'example.org {\n pool db.example.org {\n  member service/shop/db\n }\n}';
    expect(await refused(lonely)).toContain("no plugin of this configuration knows services, expected 'kubernetes'");
    const kubernetes = (zone: string) => `\n${zone} {\n kubernetes {\n  endpoint http://127.0.0.1:1\n }\n}`;
    expect(await refused(`${lonely}${kubernetes('a.local')}${kubernetes('b.local')}`)).toContain("several server blocks have 'kubernetes'");
  });

  test.each([
    ['service/shop/db srv 1 53', 'srv needs the name of a host'],
    ['service/shop/db 192.0.2.1', 'beside a service, expected the service alone'],
    ['service/shop', 'is not a service'],
  ])('for member %s', async (words, why) => {
    expect(await refused(`. {\n pool db.example.org {\n  member ${words}\n }\n}`)).toContain(why);
  });
});

describe('a service as a member of a pool', () => {
  const pool = 'db.example.org';
  const words = (api: PlayedApi, ...options: readonly string[]) => `. {
  pool ${pool} {
    member service/shop/db
    member service/store/db backup
    ttl 1
    ${options.join('\n    ')}
  }
  kubernetes cluster.local {
    endpoint ${api.url}
  }
}`;

  test.each([
    ['one process', ''],
    ['several', 'multisocket 2\n'],
  ])('is answered while an endpoint of it is ready: %s', async (_, more) => {
    vi.useRealTimers();
    await using api = await PlayedApi.start(shop);
    await using server = await serve(words(api).replace('. {\n', `.:${await freePort()} {\n ${more}`));
    const addresses = async () => addressesOf(await server.ask(pool)).sort();
    await expect.poll(addresses, soon).toEqual(['10.0.0.1']);
    api.delete(slice('shop/db-1', 'db', []));
    await expect.poll(addresses, soon).toEqual(['172.17.0.1', '172.17.0.2']);
    api.put(slice('store/db-1', 'db', ['172.17.0.3']));
    await expect.poll(addresses, soon).toEqual(['172.17.0.3']);
    api.put(slice('shop/db-1', 'db', ['172.16.0.1']));
    await expect.poll(addresses, soon).toEqual(['10.0.0.1']);
    api.delete(service('shop/db', []));
    await expect.poll(addresses, soon).toEqual(['172.17.0.3']);
  });
});
