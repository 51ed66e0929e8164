// Lets several processes answer at the same address and port, so that every core of the machine has work.
import { availableParallelism } from 'node:os';
import { definePlugin, integer, optional, value } from 'ferrydns/plugin';

const mostSockets = 1024;

const numSockets = value('N', parseCount, {
  expected: `a number from 1 to ${mostSockets}`,
  schema: integer({ min: 1, max: mostSockets }).schema,
});

export default definePlugin({
  name: 'multisocket',
  summary: 'lets several processes answer at one address and port',
  config: { args: { numSockets: optional(numSockets) } },
  setup: (options) => ({ settings: { sockets: options.numSockets ?? availableParallelism() } }),
});

function parseCount(word: string): number {
  if (!/^[+-]?\d+$/.test(word)) throw new Error(`invalid num sockets: '${word}' is not a whole number`);
  const count = Number(word);
  if (!Number.isSafeInteger(count)) throw new Error(`invalid num sockets: '${word}' is out of range`);
  if (count < 1) throw new Error(`num sockets can not be zero or negative: ${count}`);
  if (count > mostSockets) throw new Error(`num sockets exceeds maximum (${mostSockets}): ${count}`);
  return count;
}
