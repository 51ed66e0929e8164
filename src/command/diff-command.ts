// `ferrydns diff`: what a configuration would answer otherwise than another one, without serving either.
import { readFileSync } from 'node:fs';
import type { RecentQuestion } from '../plugin/outlook.ts';
import { fileSource } from '../server/configuration.ts';
import { Server } from '../server/server.ts';
import type { FileContext } from './file-commands.ts';
import { readFlags, textOf } from './flags.ts';
import { outlookText } from './outlook-text.ts';
import { readQuestions } from './question-file.ts';

const usage = `usage: ferrydns diff OLD NEW -queries FILE|- [-client IP] [-json]
  sets both up, opens nothing and asks no upstream; prints by name what would be answered otherwise
  -queries  a file with a line "NAME [TYPE]" for each question; - for standard input
  -client   the address that seems to ask (127.0.0.1)
  -json     prints what is found as JSON
exit status 1 if anything would change`;

const text = { type: 'string' } as const;
const flags = { queries: text, client: text, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

/** Rejects with the reason when the words are wrong or one of the files is refused. */
export async function runDiff(
  words: readonly string[],
  { registry, tell }: FileContext,
): Promise<{ readonly text: string; readonly differs: boolean }> {
  const { values, positionals } = readFlags(words, flags, usage);
  if (values.help === true) throw new Error(usage);
  const [old, next, ...more] = positionals;
  if (old === undefined || next === undefined || more[0] !== undefined)
    throw new Error(`found ${positionals.length} files, expected OLD and NEW\n${usage}`);
  const questions = readAsked(values.queries, values.client);
  const server = new Server({ source: fileSource(next), registry, output: tell });
  const outlook = await server.lookAhead({ before: fileSource(old), after: fileSource(next), questions });
  return { text: values.json === true ? `${JSON.stringify(outlook, null, 2)}\n` : outlookText(outlook), differs: outlook.changed > 0 };
}

function readAsked(file: string | undefined, client: string | undefined): readonly RecentQuestion[] {
  if (file === undefined) throw new Error(`no questions, expected -queries FILE, or - for standard input\n${usage}`);
  const questions = file === '-' ? readQuestions(readFileSync(0, 'utf8'), 'standard input') : readQuestions(textOf(file), file);
  if (questions.length === 0) throw new Error(`${file} has no question, expected a line "NAME [TYPE]" for each`);
  return questions.map((question) => ({ ...question, client }));
}
