// A name that is rewritten on its way in and back in the reply, which is in the cache.
import type { MicroBench } from '../bench.ts';
import { names } from '../samples.ts';
import { served } from '../served.ts';

const rule = 'rewrite name exact shop.example.org. name0.micro.bench.';

export const benches: readonly MicroBench[] = [
  { name: 'answer: name exact, cached', prepare: () => served([rule, 'cache 3600', 'source'], ['shop.example.org.']) },
  { name: 'answer: a name that no rule is for, cached', prepare: () => served([rule, 'cache 3600', 'source'], names(1000)) },
];
