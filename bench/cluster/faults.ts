// What API servers do to those who watch them. Each fault ends with changes that every server has to answer with.
import { setTimeout as delay } from 'node:timers/promises';
import { namespace, service, serviceImport } from '../../test/support/cluster-objects.ts';
import type { KubernetesApi } from '../../test/support/kubernetes.ts';
import type { Delays, FaultyCluster, Way } from './faulty-cluster.ts';

export interface ClusterFault {
  readonly name: string;
  readonly way: Way;
  /** Further lines of the block of `kubernetes`. */
  readonly block?: readonly string[];
  /** Seconds for which it is asked while the fault happens, about as long as the fault takes. */
  readonly seconds: number;
  /** Resolves to how long each server took for each change. */
  run(cluster: FaultyCluster, scale: Scale): Promise<readonly Delays[]>;
}

/** How much of it. */
interface Scale {
  /** Cuts of a watch, one each second. */
  readonly cuts: number;
  /** Milliseconds for which the API server refuses. */
  readonly refusing: number;
}

/** Milliseconds for which what has ended stays away. */
const away = 3000;
/** Services of the namespace that goes. */
const manyServices = 1000;

const changed = async (cluster: FaultyCluster): Promise<readonly Delays[]> => [await cluster.known(await cluster.change())];

/** Refuses from now on for a while, and changes something in the middle of it. */
async function refusing(cluster: FaultyCluster, milliseconds: number, fault: Parameters<FaultyCluster['refuse']>[0]): Promise<readonly Delays[]> {
  cluster.refuse(fault);
  cluster.cut();
  await delay(milliseconds);
  await cluster.change();
  cluster.refuse();
  const at = performance.now();
  return [await cluster.known({ ...(await cluster.change()), at })];
}

export const clusterFaults: readonly ClusterFault[] = [
  {
    name: 'the API server is killed, and started again',
    way: 'connections',
    seconds: 20,
    async run(cluster) {
      await cluster.api.kill();
      await delay(away);
      await cluster.api.start();
      return changed(cluster);
    },
  },
  {
    name: 'etcd is killed, and started again',
    way: 'connections',
    seconds: 15,
    async run(cluster) {
      await cluster.api.etcd.kill();
      await delay(away);
      await cluster.api.etcd.start();
      await whenItTakesChanges(cluster.api);
      return changed(cluster);
    },
  },
  {
    name: 'etcd is compacted while the API server is away',
    way: 'connections',
    seconds: 20,
    async run(cluster) {
      await cluster.change();
      await cluster.api.kill();
      await compact(cluster.api);
      await cluster.api.start();
      return changed(cluster);
    },
  },
  {
    name: 'every watch is cut each second',
    way: 'connections',
    seconds: 70,
    async run(cluster, { cuts }) {
      const delays: Delays[] = [];
      for (let i = 0; i < cuts; i++) {
        cluster.cut();
        const since = performance.now();
        delays.push(await cluster.known(await cluster.change()));
        await delay(Math.max(0, since + 1000 - performance.now()));
      }
      return delays;
    },
  },
  {
    name: 'connections fall silent and stay open',
    way: 'connections',
    seconds: 70,
    async run(cluster) {
      cluster.freeze();
      return changed(cluster);
    },
  },
  {
    name: 'every resume is refused by 410',
    way: 'requests',
    seconds: 40,
    run: (cluster, { refusing: milliseconds }) =>
      refusing(cluster, milliseconds, (query) => (isResume(query) ? { status: 410, reason: 'Expired' } : undefined)),
  },
  {
    name: '429 with Retry-After: 2',
    way: 'requests',
    seconds: 40,
    run: (cluster, { refusing: milliseconds }) =>
      refusing(cluster, milliseconds, () => ({ status: 429, reason: 'TooManyRequests', headers: { 'retry-after': '2' } })),
  },
  {
    name: '500',
    way: 'requests',
    seconds: 40,
    run: (cluster, { refusing: milliseconds }) => refusing(cluster, milliseconds, () => ({ status: 500, reason: 'InternalError' })),
  },
  {
    name: 'the token is renewed, and the one before refused',
    way: 'connections',
    seconds: 20,
    async run(cluster) {
      await cluster.renewToken();
      cluster.cut();
      return changed(cluster);
    },
  },
  {
    name: 'the certificate of the API server has expired',
    way: 'connections',
    seconds: 40,
    async run(cluster) {
      await cluster.api.kill();
      await cluster.api.start({ certificate: 'expired' });
      await cluster.change();
      await delay(away);
      await cluster.api.kill();
      await cluster.api.start();
      return changed(cluster);
    },
  },
  {
    name: 'an object is not as its kind promises',
    way: 'connections',
    block: ['multicluster clusterset.local'],
    seconds: 10,
    async run(cluster) {
      const bad = { ...serviceImport('faults/bad', {}), spec: { type: 7, ips: 'none' } };
      await cluster.api.put(bad);
      cluster.cut();
      await delay(away);
      const delays = await changed(cluster);
      await cluster.api.delete(bad);
      return delays;
    },
  },
  {
    name: 'a namespace goes with 1,000 services',
    way: 'connections',
    seconds: 20,
    async run(cluster) {
      const { api } = cluster;
      await api.put(namespace('many'));
      await api.fill(Array.from({ length: manyServices }, (_, i) => service(`many/s${i}`, [`10.0.${16 + (i >> 8)}.${i & 255}`])));
      const last = `s${manyServices - 1}.many.svc.cluster.local`;
      await cluster.until(last, (answers) => answers.length > 0, performance.now());
      // As the controller of namespaces does it, which is not here.
      await api.call('DELETE', '/api/v1/namespaces/many');
      await api.call('DELETE', '/api/v1/namespaces/many/services');
      const at = performance.now();
      await api.call('PUT', '/api/v1/namespaces/many/finalize', { ...namespace('many'), spec: { finalizers: [] } });
      return [await cluster.until(last, (_, rcode) => rcode === 'NXDOMAIN', at)];
    },
  },
];

/** Whether a watch is to go on from where another has ended. */
function isResume(query: URLSearchParams): boolean {
  return query.get('watch') !== null && query.get('watch') !== 'false' && query.get('sendInitialEvents') !== 'true';
}

async function whenItTakesChanges(api: KubernetesApi): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await delay(100)) {
    const changes = await api.put(namespace('awake')).then(
      () => true,
      () => false,
    );
    if (changes) return;
  }
  throw new Error('the API server takes no changes');
}

/** Lets etcd forget what was before now. */
async function compact({ etcd }: KubernetesApi): Promise<void> {
  const { header } = (await etcd.call('kv/range', { key: Buffer.from('/').toString('base64') })) as {
    readonly header: { readonly revision: string };
  };
  await etcd.call('kv/compaction', { revision: header.revision });
}
