// Reading a Corefile, which every reload does.
import { parseCorefile } from '../../../src/config/corefile.ts';
import type { MicroBench } from '../bench.ts';

const text = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    prometheus :9153
    rewrite name exact shop.example.org. pool0.chain.bench.
    hosts /etc/hosts {
        fallthrough
    }
    forward . 127.0.0.1:5353 {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`;

export const benches: readonly MicroBench[] = [
  {
    name: 'parseCorefile: kubeadm',
    prepare: () => (count) => {
      let sum = 0;
      for (let call = 0; call < count; call += 1) sum += parseCorefile(text, 'Corefile').tree.blocks.length;
      return sum;
    },
  },
];
