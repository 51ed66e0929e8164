// What it costs to know which networks a client is in: a few of them, or ten thousand.
import type { MicroBench } from '../bench.ts';
import { served } from '../served.ts';

function behind(count: number): MicroBench {
  const networks = Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
  const access = `acl {\n    block net ${networks.join(' ')}\n  }`;
  return { name: `kept reply behind ${count.toLocaleString('en')} networks`, prepare: () => served([access, 'constant'], ['name0.micro.bench.']) };
}

export const benches: readonly MicroBench[] = [behind(1), behind(10), behind(10_000)];
