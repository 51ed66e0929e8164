// `ferrydns explain`: why a question is answered as it is, by the server that runs or by a Corefile that nobody serves.
import { messageOf } from '../config/error.ts';
import { type Explanation, type QuestionWords, readQuestion } from '../plugin/explanation.ts';
import { fileSource } from '../server/configuration.ts';
import type { Registry } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import { AdminClient, type Connection, connectionFlags, connectionUsage, Refusal } from './admin-client.ts';
import { formatExplanation } from './explain-text.ts';
import { readFlags } from './flags.ts';

const usage = `usage: ferrydns explain NAME [TYPE] [-client IP] [-server LISTENER] [-conf FILE] [-json]
  -client  the address that seems to ask (127.0.0.1)
  -server  the listener that is asked, as dns://:53; the first that has a server block for the name unless given
  -conf    starts the plugins of this Corefile, listens nowhere, asks them and ends
  -json    prints the explanation as JSON
without -conf a server that runs is asked, at its admin address:
${connectionUsage}`;

const text = { type: 'string' } as const;
const flags = {
  ...connectionFlags,
  client: text,
  server: text,
  conf: text,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

interface Words extends QuestionWords {
  readonly conf: string | undefined;
  readonly connection: Connection;
  readonly json: boolean;
}

/** Runs the command and returns what it prints. Rejects with the reason when there is no explanation. */
export async function runExplain(
  words: readonly string[],
  { registry, log }: { readonly registry: Registry; log(line: string): void },
): Promise<string> {
  const asked = read(words);
  const explanation = asked.conf === undefined ? await askRunning(asked) : await rehearse(asked, asked.conf, { registry, log });
  return asked.json ? JSON.stringify(explanation, null, 2) : formatExplanation(explanation);
}

function read(words: readonly string[]): Words {
  const { values, positionals } = readFlags(words, flags, usage);
  const [name, type, ...more] = positionals;
  if (values.help === true) throw new Error(usage);
  if (name === undefined) throw new Error(`no name, expected one\n${usage}`);
  if (more[0] !== undefined) throw new Error(`unexpected "${more[0]}"\n${usage}`);
  if (values.conf !== undefined && values.admin !== undefined) throw new Error(`-conf and -admin exclude each other\n${usage}`);
  const { client, server, conf, json = false } = values;
  const asked = { name, type, client, server, conf, connection: values, json };
  // A mistake is told before anybody is asked.
  readQuestion(asked);
  return asked;
}

async function rehearse(
  words: Words,
  file: string,
  { registry, log }: { readonly registry: Registry; readonly log: (line: string) => void },
): Promise<Explanation> {
  const server = new Server({ source: fileSource(file), registry, output: log });
  const explanation = await server.rehearse(() => server.own.explain(readQuestion(words)));
  const remark = `${file} was started for this question alone: nothing is in its caches, and its checks have only begun`;
  return { ...explanation, remarks: [...explanation.remarks, remark] };
}

async function askRunning(words: Words): Promise<Explanation> {
  const parameters = new URLSearchParams();
  for (const key of ['name', 'type', 'client', 'server'] as const) {
    const word = words[key];
    if (word !== undefined) parameters.set(key, word);
  }
  const client = new AdminClient(words.connection);
  try {
    return (await client.get(`/explain?${parameters}`)) as Explanation;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Error(`${messageOf(error)}\n-conf FILE explains what a Corefile would answer without a server that runs`);
  }
}
