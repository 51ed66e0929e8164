// An event in memory for each answer: the difference to "answer: cache hit".
import type { MicroBench } from '../bench.ts';
import { names } from '../samples.ts';
import { served } from '../served.ts';

export const benches: readonly MicroBench[] = [
  { name: 'answer: cache hit without an event', prepare: () => served(['cache 3600', 'source'], names(5000)) },
  { name: 'answer: cache hit with an event', prepare: () => served(['querylog', 'cache 3600', 'source'], names(5000)) },
];
