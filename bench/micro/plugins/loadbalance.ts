// Turning the four addresses of a cached reply.
import type { MicroBench } from '../bench.ts';
import { names } from '../samples.ts';
import { served } from '../served.ts';

export const benches: readonly MicroBench[] = [
  { name: 'answer: four cached addresses', prepare: () => served(['cache 3600', 'source'], names(1000, 'pool')) },
  { name: 'answer: four cached addresses, turned', prepare: () => served(['loadbalance', 'cache 3600', 'source'], names(1000, 'pool')) },
];
