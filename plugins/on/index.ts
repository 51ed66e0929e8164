// Runs commands when the server starts and when it ends.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { definePlugin, type Logger, messageOf, type SetupContext, type StartContext, value, type Word, words } from 'ferrydns/plugin';
import { splitCommand } from './command-line.ts';

const events = ['startup', 'shutdown', 'certrenew'] as const;
type Event = (typeof events)[number];

const event = value<Event>('startup|shutdown|certrenew', readEvent, {
  expected: 'startup, shutdown or certrenew',
  words: events,
  shape: {},
  fits: () => true,
});

/** What is run at an event. */
interface Hook {
  readonly event: Event;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether the next one waits until this one has ended. */
  readonly waits: boolean;
}

export default definePlugin({
  name: 'on',
  summary: 'runs commands when the server starts and when it ends',
  config: { args: { event, command: words('COMMAND [ARGS...] [&]') }, repeat: 'merge' },
  deadlines: { stop: 30_000 },
  setup(uses, context) {
    const hooks = uses.map((use) => readHook(use.event, use.command, context));
    const run = async (when: Event, deadline?: AbortSignal) => {
      for (const hook of hooks.filter((each) => each.event === when)) await runHook(hook, context.plainLog, deadline);
    };
    let server: StartContext['server'] | undefined;
    return {
      start(started) {
        server = started.server;
      },
      serving() {
        if (isMeant(server)) void run('startup');
      },
      async stop(deadline) {
        if (isMeant(server) && server.stopping) await run('shutdown', deadline);
      },
    };
  },
});

/** One process of several runs commands, and none where nothing is served. */
function isMeant(server: StartContext['server'] | undefined): server is StartContext['server'] {
  return server?.primary === true && !server.rehearsing;
}

function readEvent(word: string): Event {
  const found = events.find((each) => each === word.toLowerCase());
  if (found === undefined) throw new Error(`Wrong event name or event not supported: '${word}'`);
  return found;
}

function readHook(when: Event, line: readonly Word[], context: SetupContext): Hook {
  if (when === 'certrenew') context.warn('certrenew never happens here: tls reads certificates again when their files change', line[0]);
  try {
    const [command, ...args] = splitCommand(line.map(({ text }) => text).join(' '));
    const waits = args.at(-1) !== '&';
    return { event: when, command, args: waits ? args : args.slice(0, -1), waits };
  } catch (error) {
    return context.fail(messageOf(error), line[0]);
  }
}

/** Resolves when the command has ended, or has started where nobody waits for it. A failure is logged. */
function runHook({ command, args, waits }: Hook, log: Logger, deadline: AbortSignal | undefined): Promise<void> {
  const id = randomUUID();
  log.info(`${waits ? 'Blocking' : 'Nonblocking'} Command "${command} ${args.join(' ')}" with ID ${id}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', ...(deadline === undefined ? {} : { signal: deadline }) });
    const end = (problem: string | undefined) => {
      if (problem !== undefined) log.error(`error on 'on-${id}' hook: ${command}: ${problem}`);
      resolve();
    };
    child.on('error', (error) => end(error.message));
    if (waits) child.on('exit', (status, signal) => end(status === 0 ? undefined : signal === null ? `exit status ${status}` : `signal ${signal}`));
    else {
      child.on('spawn', () => end(undefined));
      child.unref();
    }
  });
}
