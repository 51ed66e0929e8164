// The dashboard of deploy/grafana, and a server that does everything that it shows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, serve, type TestServer } from 'ferrydns/testing';
import { vi } from 'vitest';
import { namespace, service } from './cluster-objects.ts';
import { PlayedApi } from './played-api.ts';
import { tcpService } from './services.ts';
import { soon } from './soon.ts';
import { startUpstream } from './upstream.ts';

interface DashboardQuery {
  readonly expr: string;
  readonly legend: string;
}

/** In the order of the panels. */
export function dashboardQueries(): DashboardQuery[] {
  const { panels } = JSON.parse(readFileSync(join(import.meta.dirname, '../../deploy/grafana/ferrydns.json'), 'utf8')) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr, legendFormat: legend }) => ({ expr, legend })));
}

/** The metrics that a query selects, and the labels by which it groups and matches. Every selector of the dashboard has braces. */
export function selectorsOf(expr: string): { readonly metrics: readonly string[]; readonly labels: ReadonlySet<string> } {
  const selectors = [...expr.matchAll(/([a-z_:]+)\{([^}]*)\}/g)];
  const matched = selectors.flatMap(([, , matchers = '']) => [...matchers.matchAll(/(\w+)\s*[=!]~?/g)].map(([, label = '']) => label));
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/));
  return { metrics: selectors.map(([, metric = '']) => metric), labels: new Set([...matched, ...grouped]) };
}

export interface Exercised extends AsyncDisposable {
  readonly server: TestServer;
  /** HOST:PORT of its metrics. */
  readonly metrics: string;
  /** Asks once more what makes every counter go on. */
  exercise(): Promise<void>;
}

/** Serves with caches, upstreams of which one is dead, a plan, a pool and a cluster, and has asked about each. */
export async function exerciseServer(): Promise<Exercised> {
  const upstream = await startUpstream({ '* A': ({ message }) => ({ answer: [`${message.questions[0]?.name} 60 A 192.0.2.1`] }), '* *': 'NXDOMAIN' });
  const member = await tcpService();
  const api = await PlayedApi.start([namespace('default'), service('default/web', ['10.0.0.20'])]);
  const server = await serve(corefile({ upstream: upstream.endpoint, dead: `127.0.0.1:${await freePort()}`, member: member.port, api: api.url }));
  let round = 0;
  const exercise = async () => {
    round++;
    const names = [`n${round}.example.org`, 'again.example.org', 'again.example.org', 'moved.example.org', 'pool.example.org'];
    for (const name of [...names, 'web.default.svc.cluster.local', `none${round}.default.svc.cluster.local`]) await server.ask(name);
    await server.ask('none.example.org', 'AAAA', { dnssecOk: true, udpSize: 1232 });
    await server.ask(`tcp${round}.example.org`, 'A', { transport: 'tcp' });
  };
  await exercise();
  // After the first lists: this one says when it was changed.
  await vi.waitFor(() => {
    if (api.watching === 0) throw new Error('the cluster is not watched yet');
  }, soon);
  api.put(changedSlice());
  await exercise();
  return {
    server,
    metrics: `127.0.0.1:${server.server.httpPort('127.0.0.1:0')}`,
    exercise,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await Promise.all([upstream.stop(), member[Symbol.asyncDispose](), api[Symbol.asyncDispose]()]);
    },
  };
}

interface Places {
  readonly upstream: string;
  readonly dead: string;
  readonly member: number;
  readonly api: string;
}

const corefile = ({ upstream, dead, member, api }: Places) => `
.:0 {
    bind 127.0.0.1
    prometheus 127.0.0.1:0
    health 127.0.0.1:0
    errors
    reload
    kubernetes cluster.local {
        endpoint ${api}
    }
    migrate moved.example.org {
        from 192.0.2.1
        to 192.0.2.2
        ttl 60
        transition_ttl 5
    }
    pool pool.example.org {
        member 127.0.0.1
        member 127.0.0.2 backup
        check tcp ${member} interval 1s timeout 900ms fall 1 rise 1
    }
    cache 30
    hosts {
        192.0.2.1 moved.example.org
        fallthrough
    }
    forward . ${upstream} ${dead} {
        policy round_robin
        health_check 500ms
    }
}
`;

const changedSlice = () => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'web-1',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'web' },
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': new Date().toISOString().replace(/\.\d+Z$/, 'Z') },
  },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
  ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
});
