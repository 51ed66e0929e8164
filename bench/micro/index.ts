// The micro benches: folders and files have the names of what they measure.
import type { MicroBench } from './bench.ts';

/** Loaded one at a time, each in a process of its own, so that none inherits what the compiler learnt from another. */
export const modules: Readonly<Record<string, () => Promise<{ readonly benches: readonly MicroBench[] }>>> = {
  'config/corefile': () => import('./config/corefile.ts'),
  'dns/header': () => import('./dns/header.ts'),
  'dns/message': () => import('./dns/message.ts'),
  'dns/reply': () => import('./dns/reply.ts'),
  'dns/render': () => import('./dns/render.ts'),
  'server/responder': () => import('./server/responder.ts'),
  'server/zone-blocks': () => import('./server/zone-blocks.ts'),
  'plugins/acl': () => import('./plugins/acl.ts'),
  'plugins/console': () => import('./plugins/console.ts'),
  'plugins/hosts': () => import('./plugins/hosts.ts'),
  'plugins/loadbalance': () => import('./plugins/loadbalance.ts'),
  'plugins/prometheus': () => import('./plugins/prometheus.ts'),
  'plugins/querylog': () => import('./plugins/querylog.ts'),
  'plugins/rewrite': () => import('./plugins/rewrite.ts'),
  'plugins/template': () => import('./plugins/template.ts'),
};
