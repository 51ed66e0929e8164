// Making a query of received bytes, which happens to every message.
import { readQuery } from '../../../src/dns/header.ts';
import type { MicroBench } from '../bench.ts';
import { client, names, pick, queryMessage } from '../samples.ts';

function reading(name: string, edns: boolean): MicroBench {
  return {
    name,
    prepare: () => {
      const messages = names(1000).map((one) => queryMessage(one, edns));
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) {
          const message = pick(messages, call);
          const query = readQuery(message, 0, message.length, client, 0);
          if (typeof query === 'object') sum += query.typeCode;
        }
        return sum;
      };
    },
  };
}

export const benches: readonly MicroBench[] = [reading('readQuery', false), reading('readQuery: with OPT', true)];
