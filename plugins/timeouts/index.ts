// Limits what a stream (TCP) may take: time of a read, of a write, of silence, and how many queries.
import { definePlugin, duration, formatDuration, integer, parseDuration, type SetupContext, setting, type Timeouts, value } from 'ferrydns/plugin';

const second = 1000;
const day = 86_400_000;

const timeout = value('DURATION', parseTimeout, {
  expected: 'a duration from 1s to 24h; a bare number counts seconds',
  schema: { anyOf: [duration({ min: '1s', max: '24h' }).schema, integer({ min: 1, max: day / second }).schema] },
});
const queries = value('N', parseQueries, {
  expected: '-1 (unlimited) or a positive number',
  schema: { anyOf: [integer({ min: -1, max: -1 }).schema, integer({ min: 1 }).schema] },
});

export default definePlugin({
  name: 'timeouts',
  summary: 'limits the time and the number of queries of TCP connections',
  config: {
    block: {
      read: setting(timeout, 'time that one message may take to arrive; 3s unless given'),
      write: setting(timeout, 'time that one reply may take to leave; 5s unless given'),
      idle: setting(timeout, 'time of silence after which a connection is closed; 10s unless given'),
      maxtcpqueries: setting(queries, 'queries after which a connection is closed; any number, -1, unless given'),
    },
    repeat: 'merge',
  },
  setup(uses, context) {
    return { settings: { timeouts: Object.assign({}, ...uses.map((use) => stated(use, context))) } };
  },
});

interface Use {
  readonly read: number | undefined;
  readonly write: number | undefined;
  readonly idle: number | undefined;
  readonly maxtcpqueries: number | undefined;
}

/** What one use states; one that states nothing is a mistake. */
function stated({ read, write, idle, maxtcpqueries }: Use, context: SetupContext): Timeouts {
  const all = { read, write, idle, queries: maxtcpqueries };
  const given = Object.entries(all).filter(([, limit]) => limit !== undefined);
  if (given.length === 0) context.fail('timeouts block with no timeouts specified');
  return Object.fromEntries(given);
}

function parseTimeout(word: string): number {
  const text = /^[+-]?\d+$/.test(word) ? `${word}s` : word;
  let length: number;
  try {
    length = parseDuration(text);
  } catch {
    throw new Error(`failed to parse duration '${word}'`);
  }
  if (length < second || length > day) {
    throw new Error(`timeout provided '${formatDuration(length)}' needs to be between 1 second and 24 hours`);
  }
  return length;
}

function parseQueries(word: string): number {
  const number = Number(word);
  if (!/^[+-]?\d+$/.test(word) || !Number.isSafeInteger(number)) throw new Error(`invalid value for maxtcpqueries '${word}'`);
  if (number === 0 || number < -1) throw new Error(`maxtcpqueries provided '${number}' needs to be -1 (unlimited) or a positive integer`);
  return number;
}
