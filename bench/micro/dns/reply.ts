// A reply from its bytes, and its wire form for the name that is asked.
import { Reply } from '../../../src/dns/reply.ts';
import type { MicroBench } from '../bench.ts';
import { answerTo, names, pick, queryMessage, queryOf } from '../samples.ts';

const messages = names(1000).map((name) => queryMessage(name));
const answers = messages.map(answerTo);

export const benches: readonly MicroBench[] = [
  {
    name: 'Reply.fromWire',
    prepare: () => (count) => {
      let sum = 0;
      for (let call = 0; call < count; call += 1) sum += Reply.fromWire(pick(answers, call)).answerCount;
      return sum;
    },
  },
  {
    name: 'formFor: the name it has a form for',
    prepare: () => {
      const pairs = answers.map((answer, index) => ({ reply: Reply.fromWire(answer), query: queryOf(pick(messages.slice(index, index + 1), 0)) }));
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) {
          const { reply, query } = pick(pairs, call);
          sum += reply.formFor(query).bytes.length;
        }
        return sum;
      };
    },
  },
  {
    name: 'formFor: another name each time',
    prepare: () => {
      const reply = Reply.fromWire(pick(answers, 0));
      const queries = messages.map(queryOf);
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) sum += reply.formFor(pick(queries, call)).bytes.length;
        return sum;
      };
    },
  },
];
