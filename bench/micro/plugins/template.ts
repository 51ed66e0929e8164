// Answers that a template makes, none of them cached: an address out of the name, and a record that is always the same.
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

const address = `template IN A micro.bench {
    match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)-(?P<c>[0-9]+)-(?P<d>[0-9]+)[.]micro[.]bench[.]$
    answer "{{ .Name }} 60 IN A {{ .Group.a }}.{{ .Group.b }}.{{ .Group.c }}.{{ .Group.d }}"
  }`;
const denial = `template ANY ANY micro.bench {
    rcode NXDOMAIN
    authority "{{ .Zone }} 60 IN SOA ns.micro.bench. h.micro.bench. 1 60 60 60 60"
  }`;
const names = Array.from({ length: 1000 }, (_, i) => `ip-192-0-${i >> 8}-${i & 255}.micro.bench.`);

export const benches: readonly MicroBench[] = [
  { name: 'answer: an address out of the name', prepare: () => served([address], names) },
  { name: 'answer: a denial', prepare: () => served([denial], names) },
];
