// Logs why the plugins behind it failed to answer, and answers with the response code that they gave.
import { createRequire } from 'node:module';
import {
  choice,
  definePlugin,
  duration,
  flag,
  type Handle,
  type Instance,
  isPromise,
  type Logger,
  optional,
  type Query,
  QueryError,
  Reply,
  rcodeCode,
  repeated,
  value,
} from 'ferrydns/plugin';
import type { RE2JS } from 're2js';
import { Consolidation } from './consolidation.ts';

const require = createRequire(import.meta.url);
const maxPatternLength = 10_000;
const output = value('stdout', parseOutput, { expected: "'stdout'", words: ['stdout'] });
const pattern = value('REGEXP', parsePattern, { expected: 'a regular expression in the syntax of RE2' });

export default definePlugin({
  name: 'errors',
  summary: 'logs why a query could not be answered',
  config: {
    args: { output: optional(output) },
    block: {
      stacktrace: flag('log the stack of what a plugin throws unexpectedly'),
      consolidate: repeated(
        {
          duration: duration(),
          regexp: pattern,
          level: optional(choice('warning', 'error', 'info', 'debug'), 'error'),
          showFirst: optional(choice('show_first')),
        },
        'count messages that match and log one line about them for each DURATION',
      ),
    },
  },
  setup({ stacktrace, consolidate }, { log }) {
    const consolidations = consolidate.map(({ duration, regexp, level, showFirst }) => {
      return new Consolidation({ period: duration, pattern: regexp, showFirst: showFirst !== undefined, print: printer(log, level) });
    });
    return { ...logger(consolidations, log), ...(stacktrace ? { settings: { stacktrace } } : {}) };
  },
});

function logger(consolidations: readonly Consolidation[], log: Logger): Instance {
  const failed = (error: unknown, query: Query): Reply => {
    if (!QueryError.is(error)) throw error;
    const { message, rcode, extendedError } = error;
    // An explanation shows the error itself, and a query that the server sends to itself gets it: neither is logged.
    if (query.explained !== undefined || query.own) return Reply.decline(rcode, extendedError);
    const fitting = consolidations.find((consolidation) => consolidation.fits(message));
    const line = `${rcodeCode(rcode) ?? 2} ${query.name} ${query.type}: ${message}`;
    if (fitting === undefined) log.error(line);
    else if (!fitting.takes()) fitting.print(line);
    return Reply.decline(rcode, extendedError);
  };
  const handle: Handle = (query, next) => {
    try {
      const reply = next(query);
      return isPromise(reply) ? reply.catch((error: unknown) => failed(error, query)) : reply;
    } catch (error) {
      return failed(error, query);
    }
  };
  const stop = () => {
    for (const consolidation of consolidations) consolidation.stop();
  };
  return { handle, stop };
}

function printer(log: Logger, level: 'warning' | 'error' | 'info' | 'debug'): (message: string) => void {
  return (message) => log[level === 'warning' ? 'warn' : level](message);
}

function parseOutput(word: string): 'stdout' {
  if (word !== 'stdout') throw new Error(`invalid log file: ${word}`);
  return word;
}

/** The messages hold names, which are an attacker's choice: only a matcher of linear time may see them. */
function parsePattern(word: string): RE2JS {
  if (Buffer.byteLength(word) > maxPatternLength) throw new Error(`regex pattern too long: ${Buffer.byteLength(word)} > ${maxPatternLength}`);
  // Loaded by the first pattern: most servers have none.
  return (require('re2js') as typeof import('re2js')).RE2JS.compile(word);
}
