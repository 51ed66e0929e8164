// The command line: one word says which command runs; without one the server does, with the flags of CoreDNS.
import { messageOf, nearest } from '../config/error.ts';
import { escapeControls } from '../log/logger.ts';
import type { Registry } from '../server/registry.ts';
import type { FileContext } from './file-commands.ts';
import { readServing, serve, serveUsage } from './serve-command.ts';

/** What a command may use of the world. */
export interface CommandContext {
  readonly registry: Registry;
  readonly process: NodeJS.Process;
}

const usage = `${serveUsage}
       ferrydns check FILE      set everything up, open nothing, print every error
       ferrydns format FILE     print the Corefile in its usual layout; -w writes it, -check only looks
       ferrydns convert FILE    print a Corefile as YAML, or YAML as a Corefile
       ferrydns explain NAME [TYPE]   say why it is answered as it is
       ferrydns compare ...     ask two servers the same, and print what differs
       ferrydns diff OLD NEW    print what another configuration would answer otherwise
       ferrydns reload          have a server load its configuration again
       ferrydns migrate ...     plans that move services
       ferrydns pool ...        how pools stand, and failback by hand
       ferrydns help COMMAND    how one of these is used`;

type Command = (words: readonly string[], context: CommandContext) => Promise<string> | string;

/** Every command by its word. Each is loaded for those who ask: a server has no use for them. */
const commands: Readonly<Record<string, Command>> = {
  check: async (words, context) => (await import('./file-commands.ts')).check(words, files(context)),
  format: async (words) => (await import('./file-commands.ts')).format(words),
  convert: async (words, context) => (await import('./convert-command.ts')).convert(words, files(context)),
  explain: async (words, context) => {
    const { runExplain } = await import('./explain-command.ts');
    const { registry, tell } = files(context);
    return `${await runExplain(words, { registry, log: tell })}\n`;
  },
  compare: async (words, { process }) => {
    const { runCompare } = await import('./compare-command.ts');
    const ending = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
    const { text, differs } = await runCompare(words, { write: (line) => void process.stdout.write(line), signal: ending.signal });
    if (differs) process.exitCode = 1;
    return text;
  },
  diff: async (words, context) => {
    const { runDiff } = await import('./diff-command.ts');
    const { text, differs } = await runDiff(words, files(context));
    if (differs) context.process.exitCode = 1;
    return text;
  },
  reload: async (words) => (await import('./reload-command.ts')).runReload(words),
  migrate: async (words, { process }) => {
    const { runMigrate } = await import('./migrate-command.ts');
    const text = await runMigrate(words, process);
    return text === '' ? '' : `${text}\n`;
  },
  pool: async (words) => {
    const { runPool } = await import('./pool-command.ts');
    return `${await runPool(words)}\n`;
  },
  help: (words, context) => {
    const [word, ...more] = words.filter((each) => !isHelp(each));
    if (word === undefined) throw new Error(usage);
    const command = commands[word];
    if (command === undefined || word === 'help') throw unknownCommand([word, ...more]);
    return command([...more, '-help'], context);
  },
};

function files({ registry, process }: CommandContext): FileContext {
  return { registry, tell: (line) => void process.stderr.write(`${escapeControls(line)}\n`) };
}

/** Runs one command. Exit status: 0 done, which help that was asked for is too, 1 refused, with the reason on standard error. */
export async function run(words: readonly string[], context: CommandContext): Promise<void> {
  const { process } = context;
  try {
    const [word, ...more] = words;
    if (word === undefined || word.startsWith('-')) return await serve(readServing(words, usage), context);
    const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
    if (command === undefined) throw unknownCommand(words);
    process.stdout.write(await command(more, context));
  } catch (error) {
    const message = messageOf(error);
    if (message.startsWith('usage: ') && (words[0] === 'help' || words.some(isHelp))) return void process.stdout.write(`${message}\n`);
    // It may repeat what stands in a file of a stranger.
    process.stderr.write(`${escapeControls(message)}\n`);
    process.exitCode = 1;
  }
}

function isHelp(word: string): boolean {
  return /^--?h(elp)?$/.test(word);
}

function unknownCommand(words: readonly string[]): Error {
  const meant = nearest(words[0] ?? '', Object.keys(commands));
  const more = meant === undefined ? '' : `\ndid you mean '${meant}'?`;
  return new Error(`extra command line arguments: [${words.join(' ')}]${more}\n${usage}`);
}
