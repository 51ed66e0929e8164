// `ferrydns pool`: how pools stand, and giving the answer back to the members that come first, asked of the server over its admin address.

import type { PoolStatus } from '../plugin/pool-status.ts';
import { AdminClient, connectionFlags, connectionUsage } from './admin-client.ts';
import { readFlags, userName } from './flags.ts';
import { printPools } from './pool-status.ts';

const usage = `usage: ferrydns pool status [NAME] [-json]
       ferrydns pool failback NAME [-by WHO] [-json]
both ask a server whose pools have 'admin':
${connectionUsage}`;

const flags = {
  ...connectionFlags,
  json: { type: 'boolean' },
  by: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Runs one `pool` command and returns what it prints. Rejects with the reason when it is refused. */
export async function runPool(words: readonly string[]): Promise<string> {
  const { values, positionals } = readFlags(words, flags, usage);
  const [verb, name, ...more] = positionals;
  if (values.help === true || verb === undefined) throw new Error(usage);
  if (more[0] !== undefined) throw new Error(`unexpected "${more[0]}"\n${usage}`);
  const client = new AdminClient(values);
  const found = await ask(client, { verb, name, by: values.by ?? userName() });
  return values.json === true ? JSON.stringify(found, null, 2) : printPools(Array.isArray(found) ? (found as PoolStatus[]) : [found as PoolStatus]);
}

interface Asked {
  readonly verb: string;
  readonly name: string | undefined;
  /** Who asks. */
  readonly by: string;
}

/** One status, or those of all pools. */
async function ask(client: AdminClient, { verb, name, by }: Asked): Promise<unknown> {
  const path = name === undefined ? '/pools' : `/pools/${encodeURIComponent(name)}`;
  if (verb === 'status') return client.get(path);
  if (verb !== 'failback') throw new Error(`unknown command "${verb}"\n${usage}`);
  if (name === undefined) throw new Error(`failback: no pool, expected one\n${usage}`);
  const { status } = (await client.post(`${path}/failback`, { by })) as { readonly status: unknown };
  return status;
}
