// Reading all records of a message and writing them again: what a reply costs that somebody changed.
import { layOut, readSections } from '../../../src/dns/message.ts';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import type { MicroBench } from '../bench.ts';
import { answerTo, names, pick, queryMessage } from '../samples.ts';

const messages = names(100, 'pool').map((name) => answerTo(queryMessage(name)));

export const benches: readonly MicroBench[] = [
  {
    name: 'layOut: four addresses',
    prepare: () => (count) => {
      let sum = 0;
      for (let call = 0; call < count; call += 1) sum += layOut(pick(messages, call)).recordsEnd;
      return sum;
    },
  },
  {
    name: 'readSections: four addresses',
    prepare: () => {
      const laidOut = messages.map((message) => ({ message, layout: layOut(message) }));
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) {
          const { message, layout } = pick(laidOut, call);
          sum += readSections(message, layout).answers.length;
        }
        return sum;
      };
    },
  },
  {
    name: 'writeMessage: four addresses',
    prepare: () => {
      const parts = messages.map((message) => {
        const layout = layOut(message);
        return { question: message.subarray(12, layout.recordsStart), flags: 0x8180, sections: readSections(message, layout) };
      });
      return (count) => {
        let sum = 0;
        for (let call = 0; call < count; call += 1) sum += writeMessage(pick(parts, call), 512).bytes.length;
        return sum;
      };
    },
  },
];
