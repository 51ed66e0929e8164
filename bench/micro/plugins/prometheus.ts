// Counting a query and its reply: the difference to "answer: a reply that a plugin keeps".
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

export const benches: readonly MicroBench[] = [
  { name: 'answer: counted', prepare: () => served(['prometheus 127.0.0.1:0', 'constant'], ['name0.micro.bench.']) },
];
