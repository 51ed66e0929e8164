// From the bytes of a query to the bytes of its answer, through whole chains.
import type { MicroBench } from '../bench.ts';
import { names } from '../samples.ts';
import { served, servedLater } from '../served.ts';

const cache = 'cache 3600';
const kubeadm = [
  'errors',
  'prometheus 127.0.0.1:0',
  'rewrite name exact shop.example.org. pool0.micro.bench.',
  'hosts /dev/null {\n    192.0.2.7 local.micro.bench\n    fallthrough\n  }',
  cache,
  'loadbalance',
  'source',
];

/** Views of 15 offices, none of which the client is in. */
const views = Array.from({ length: 15 }, (_, i) => [`view office${i} {\n    expr incidr(client_ip(), '10.${i}.0.0/16')\n  }`, 'constant']);

export const benches: readonly MicroBench[] = [
  { name: 'answer: a reply that a plugin keeps', prepare: () => served(['constant'], ['name0.micro.bench.']) },
  { name: 'answer: cache hit', prepare: () => served([cache, 'source'], names(5000)) },
  { name: 'answer: cache hit behind 15 views', prepare: () => served([cache, 'source'], names(5000), views) },
  { name: 'answer: cached NXDOMAIN', prepare: () => served([cache, 'source'], names(5000).map(denied)) },
  { name: 'answer: cache hit through the kubeadm chain', prepare: () => served(kubeadm, names(5000)) },
  { name: 'answer: one that comes later', prepare: () => servedLater(['source']) },
  { name: 'answer: cache miss', prepare: () => servedLater([cache, 'source']) },
];

function denied(name: string): string {
  return name.replace('micro.bench.', 'svc.cluster.nx.');
}
