// The message for one asker, stamped on the wire form of a reply.
import { render } from '../../../src/dns/render.ts';
import { Reply } from '../../../src/dns/reply.ts';
import type { MicroBench } from '../bench.ts';
import { answerTo, names, pick, queryMessage, queryOf } from '../samples.ts';

function rendering(name: string, options: { readonly first: string; readonly edns: boolean; readonly limit: number }): MicroBench {
  return {
    name,
    prepare: () => {
      const pairs = names(1000, options.first).map((one) => {
        const message = queryMessage(one, options.edns);
        return { query: queryOf(message), reply: Reply.fromWire(answerTo(message)).with({ ttl: 30 }) };
      });
      const out = Buffer.alloc(65535);
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) {
          const { reply, query } = pick(pairs, call);
          sum += render(reply, query, out, options.limit);
        }
        return sum;
      };
    },
  };
}

export const benches: readonly MicroBench[] = [
  rendering('render: one address', { first: 'name', edns: false, limit: 512 }),
  rendering('render: four addresses, with OPT', { first: 'pool', edns: true, limit: 1232 }),
  rendering('render: cut', { first: 'pool', edns: false, limit: 80 }),
];
