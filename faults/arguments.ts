// The command line of the faults.
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly only: readonly string[] | undefined;
  readonly servers: readonly string[] | undefined;
  readonly json: string | undefined;
  /** Whether the tables go into docs/reliability.md. */
  readonly write: boolean;
  readonly seconds: number;
  /** Seconds; undefined for no soak. */
  readonly soak: number | undefined;
  readonly help: boolean;
}

export const USAGE = `usage: npm run faults -- [--only NAME,…] [--servers NAME,…] [--seconds N] [--json FILE] [--write] [--soak DURATION]
  --only      only these faults (all)
  --servers   only these servers (all that are installed)
  --seconds   the usual length of a load, 4 to 600 (5); some take twice or thrice that
  --json      also writes every figure into FILE
  --write     also writes the tables into docs/reliability.md; not with --only or --servers
  --soak      drives ferrydns alone for so long, as 30m or 8h, while faults come in turn`;

const SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** Reads the words behind the program's name. Throws with a message for the user. */
export function readArguments(
  words: readonly string[],
  known: { readonly faults: readonly string[]; readonly servers: readonly string[] },
): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      only: { type: 'string', multiple: true },
      servers: { type: 'string', multiple: true },
      seconds: { type: 'string', default: '5' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      soak: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.write && (values.only ?? values.servers) !== undefined) throw new Error('--write is for all faults and servers, not for some of them');
  return {
    only: names('fault', values.only, known.faults),
    servers: names('server', values.servers, known.servers),
    json: values.json,
    write: values.write,
    seconds: wholeSeconds(values.seconds),
    soak: values.soak === undefined ? undefined : duration(values.soak),
    help: values.help,
  };
}

function names(what: string, given: readonly string[] | undefined, known: readonly string[]): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const wanted = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of wanted) {
    if (!known.includes(name)) throw new Error(`unknown ${what} "${name}", expected one of ${known.join(', ')}`);
  }
  return wanted;
}

function wholeSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 4 || value > 600) throw new Error(`--seconds is "${text}", expected a whole number from 4 to 600`);
  return value;
}

function duration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,4})([smh])$/.exec(text) ?? [];
  const seconds = Number(count) * (unit in SECONDS ? SECONDS[unit as keyof typeof SECONDS] : Number.NaN);
  if (!(seconds >= 60 && seconds <= 48 * SECONDS.h)) throw new Error(`--soak is "${text}", expected a time from 60s to 48h, as 30m`);
  return seconds;
}
