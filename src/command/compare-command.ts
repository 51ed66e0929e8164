// `ferrydns compare`: asks two servers the same questions and prints what a client would notice.

import { readFileSync } from 'node:fs';
import { readServerAddress, type ServerAddress } from '../client/server-address.ts';
import { type DifferenceKind, differenceKinds } from '../comparison/reply-differences.ts';
import { parseDuration } from '../config/duration.ts';
import { messageOf } from '../config/error.ts';
import { Comparison, type ComparisonSettings } from './comparison.ts';
import { differenceLines, report, Tally } from './comparison-report.ts';
import { readFlags, textOf, whole } from './flags.ts';
import { followQuestions } from './followed-questions.ts';
import { type FileQuestion, readQuestions } from './question-file.ts';

const usage = `usage: ferrydns compare -servers A,B -queries FILE|-|-follow SOURCE [-rate N] [-rounds N] [-timeout TIME] [-ignore KIND,...] [-json]
  -servers  two addresses, as 10.96.0.10, tls://9.9.9.9%dns.quad9.net or https://[2001:db8::1]:8443
  -queries  a file with a line "NAME [TYPE]" for each question; - for standard input
  -follow   what others are asked, while it comes: a file with dnstap, pcap or a log of queries; - for standard input; unix:PATH opens
            a socket file for dnstap. A question is compared once a minute at most
  -rate     questions a second for each server (100)
  -rounds   how often a question is asked, a second apart, before a difference counts (5)
  -timeout  how long a reply may take (2s)
  -ignore   what may differ: ${differenceKinds.join(', ')}
  -json     prints every difference as JSON
exit status 1 if anything differs`;

const text = { type: 'string' } as const;
const flags = {
  servers: text,
  queries: text,
  follow: text,
  rate: text,
  rounds: text,
  timeout: text,
  ignore: text,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Asks, and returns what is printed. Rejects with the reason when the words are wrong; nothing was asked then. */
export async function runCompare(words: readonly string[], live?: Live): Promise<{ readonly text: string; readonly differs: boolean }> {
  const { values, positionals } = readFlags(words, flags, usage);
  if (values.help === true) throw new Error(usage);
  if (positionals[0] !== undefined) throw new Error(`unexpected "${positionals[0]}"\n${usage}`);
  const compared: ComparisonSettings = {
    servers: readServers(values.servers),
    rate: positive('rate', values.rate ?? '100'),
    rounds: positive('rounds', values.rounds ?? '5'),
    timeout: readTimeout(values.timeout ?? '2s'),
    ignored: readIgnored(values.ignore),
  };
  const { follow } = values;
  if (follow !== undefined && values.queries !== undefined) throw new Error(`-queries and -follow exclude each other\n${usage}`);
  if (follow !== undefined && live !== undefined) return await followed(compared, { source: follow, json: values.json ?? false, live });
  const questions = readFile(values.queries);
  const results = await new Comparison(compared).run(questions);
  const differs = results.some(({ verdict }) => verdict.state === 'different');
  return { text: report(results, compared.servers, values.json ?? false), differs };
}

/** Where differences go as they are found, and how the end is told. */
interface Live {
  readonly write: (text: string) => void;
  readonly signal: AbortSignal;
}

async function followed(
  compared: ComparisonSettings,
  { source, json, live }: { readonly source: string; readonly json: boolean; readonly live: Live },
) {
  const tally = new Tally();
  await new Comparison(compared).follow(followQuestions(source, live.signal), (each) => {
    tally.add(each);
    live.write(differenceLines(each, json));
  });
  return { text: json ? `${JSON.stringify({ counts: tally.counts })}\n` : `${tally.summary()}\n`, differs: tally.counts.different > 0 };
}

function readServers(given: string | undefined): readonly [ServerAddress, ServerAddress] {
  const [a, b, ...more] = given?.split(',') ?? [];
  if (a === undefined || b === undefined || more.length > 0)
    throw new Error(`-servers ${given ?? 'is missing'}: expected two addresses, as -servers 10.96.0.10,10.96.0.11\n${usage}`);
  return [readServer(a), readServer(b)];
}

function readServer(word: string): ServerAddress {
  try {
    return readServerAddress(word);
  } catch (error) {
    throw new Error(`-servers ${word}: ${messageOf(error)}`);
  }
}

function readFile(file: string | undefined): readonly FileQuestion[] {
  if (file === undefined) throw new Error(`no questions, expected -queries FILE, or - for standard input\n${usage}`);
  const questions = file === '-' ? readQuestions(readFileSync(0, 'utf8'), 'standard input') : readQuestions(textOf(file), file);
  if (questions.length === 0) throw new Error(`${file} has no question, expected a line "NAME [TYPE]" for each`);
  return questions;
}

function positive(flag: string, word: string): number {
  const number = whole(flag, word);
  if (number === 0) throw new Error(`invalid value "0" for flag -${flag}, expected 1 or more`);
  return number;
}

function readTimeout(word: string): number {
  const time = parseDuration(word);
  if (time <= 0) throw new Error(`invalid value "${word}" for flag -timeout, expected a time such as 2s`);
  return time;
}

function readIgnored(given: string | undefined): ReadonlySet<DifferenceKind> {
  const words = given === undefined ? [] : given.split(',');
  for (const word of words) {
    if (!differenceKinds.some((kind) => kind === word)) throw new Error(`-ignore ${word}: expected some of ${differenceKinds.join(', ')}`);
  }
  return new Set(words as readonly DifferenceKind[]);
}
