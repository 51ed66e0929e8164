// The command line of the bench.
import { parseArgs } from 'node:util';

/** What a run of the bench is asked to do. */
export interface Arguments {
  readonly workloads: readonly string[];
  /** Names of servers that were asked for; undefined for every one that is installed. */
  readonly servers: readonly string[] | undefined;
  readonly seconds: number;
  /** Length of the load on each server in the workload `pod`. */
  readonly podSeconds: number;
  readonly rounds: number;
  /** Whether the servers of other projects are driven too. */
  readonly peers: boolean;
  readonly json: string | undefined;
  /** Folder for the plots. */
  readonly plots: string | undefined;
  /** A JSON file of an earlier run, to be reported instead of measuring. */
  readonly from: string | undefined;
  readonly help: boolean;
}

/** The names that may be given, without `--peers` or with it. */
export interface Known {
  readonly workloads: readonly string[];
  readonly servers: readonly string[];
}

export const USAGE = `usage: npm run bench -- [--workload NAME,…] [--servers NAME,…] [--seconds N] [--rounds N] [--peers] [--json FILE] [--plots FOLDER] [--from FILE]
  --workload  only these workloads (all)
  --servers   only these servers (all that are installed)
  --seconds   length of each run, 1 to 600 (3; the workload pod 180)
  --rounds    how often each server is measured, 1 to 50 (3)
  --peers     other workloads, and the servers of other projects too (npm run bench:peers)
  --json      also writes every figure of every run into FILE
  --plots     also writes plots (SVG) into FOLDER
  --from      measures nothing: reports the run that was written into FILE`;

/** Reads the words behind the program's name. Throws with a message for the user. */
export function readArguments(words: readonly string[], known: (peers: boolean) => Known): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      workload: { type: 'string', multiple: true },
      servers: { type: 'string', multiple: true },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      peers: { type: 'boolean', default: false },
      json: { type: 'string' },
      plots: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { workloads, servers } = known(values.peers);
  return {
    workloads: names('workload', values.workload, workloads) ?? workloads,
    servers: names('server', values.servers, servers),
    seconds: whole('--seconds', values.seconds ?? '3', 600),
    podSeconds: whole('--seconds', values.seconds ?? '180', 600),
    rounds: whole('--rounds', values.rounds ?? '3', 50),
    peers: values.peers,
    json: values.json,
    plots: values.plots,
    from: values.from,
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
