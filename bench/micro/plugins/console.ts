// What a console costs an answer: the counts in front of the chain. The difference to "answer: a reply that a plugin keeps", and to the same from the cache.
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

export const benches: readonly MicroBench[] = [
  { name: 'answer: counted for the console', prepare: () => served(['console 127.0.0.1:0', 'constant'], ['name0.micro.bench.']) },
  {
    name: 'answer: from the cache, counted for the console',
    prepare: () => served(['console 127.0.0.1:0', 'cache', 'source'], ['name0.micro.bench.']),
  },
];
