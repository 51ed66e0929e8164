// The command line of the bench.
import { parseArgs } from 'node:util';

/** What a run of the bench is asked to do. */
export interface Arguments {
  readonly workloads: readonly string[];
  /** Names of servers that were asked for; undefined for every one that is installed. */
  readonly servers: readonly string[] | undefined;
  readonly seconds: number;
  readonly rounds: number;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** The names that may be given. */
export interface Known {
  readonly workloads: readonly string[];
  readonly servers: readonly string[];
}

export const USAGE = `usage: npm run bench -- [--workload NAME,…] [--servers NAME,…] [--seconds N] [--rounds N] [--json FILE]
  --workload  only these workloads (all)
  --servers   only these servers (all that are installed)
  --seconds   length of each run, 1 to 60 (3)
  --rounds    how often each server is measured, 1 to 50 (3)
  --json      also writes every figure of every run into FILE`;

/** Reads the words behind the program's name. Throws with a message for the user. */
export function readArguments(words: readonly string[], known: Known): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      workload: { type: 'string', multiple: true },
      servers: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return {
    workloads: names('workload', values.workload, known.workloads) ?? known.workloads,
    servers: names('server', values.servers, known.servers),
    seconds: whole('--seconds', values.seconds ?? '3', 60),
    rounds: whole('--rounds', values.rounds ?? '3', 50),
    json: values.json,
    help: values.help === true,
  };
}

function names(what: string, given: readonly string[] | undefined, known: readonly string[]): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const wanted = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of wanted) {
    if (!known.includes(name)) throw new Error(`unknown ${what} "${name}", expected one of ${known.join(', ')}`);
  }
  return known.filter((name) => wanted.includes(name));
}

function whole(option: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most) throw new Error(`${option} is "${text}", expected a whole number from 1 to ${most}`);
  return value;
}
