// What it costs to choose among server blocks of one zone: 15 views that do not take the query stand before the block that answers.
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

function behind(condition: (i: number) => string): MicroBench['prepare'] {
  const views = Array.from({ length: 15 }, (_, i) => [`view office${i} {\n    expr ${condition(i)}\n  }`, 'constant']);
  return () => served(['constant'], ['name0.micro.bench.'], views);
}

const anyOf = (count: number, network: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => `incidr(client_ip(), '${network(i)}')`).join(' || ');

export const benches: readonly MicroBench[] = [
  { name: 'kept reply', prepare: () => served(['constant'], ['name0.micro.bench.']) },
  { name: 'kept reply behind 15 views of networks', prepare: behind((i) => `incidr(client_ip(), '10.${i}.0.0/16')`) },
  { name: 'kept reply behind 15 views of types', prepare: behind((i) => `type() == 'TYPE${i + 300}'`) },
  { name: 'kept reply behind 15 views of names', prepare: behind((i) => `name() endsWith '.office${i}.example.org.'`) },
  { name: 'kept reply behind 15 views of 10,005 networks', prepare: behind((i) => anyOf(667, (j) => `10.${i}.${j >> 8}.${j & 255}/32`)) },
  {
    name: 'kept reply behind 15 views of networks and names',
    prepare: behind((i) => `incidr(client_ip(), '10.${i}.0.0/16') && name() startsWith 'www.'`),
  },
];
