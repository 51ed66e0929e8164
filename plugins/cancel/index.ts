// Bounds the time that an answer may take.
import { definePlugin, duration, optional, parseDuration, value } from 'ferrydns/plugin';

/** Milliseconds. */
const usual = 5001;

const timeLimit = value('DURATION', readDuration, {
  ...duration({ min: '1ns' }),
  parse: readDuration,
  expected: 'a duration such as 2s or 500ms, more than 0',
});

export default definePlugin({
  name: 'cancel',
  summary: 'bounds the time that an answer may take',
  config: { args: { duration: optional(timeLimit, usual) }, repeat: 'merge' },
  setup: (uses) => ({ settings: { timeLimit: uses.at(-1)?.duration ?? usual } }),
});

function readDuration(word: string): number {
  let length: number;
  try {
    length = parseDuration(word);
  } catch (cause) {
    throw new Error(`invalid duration: "${word}"`, { cause });
  }
  if (length <= 0) throw new Error(`invalid negative duration: "${word}"`);
  return length;
}
