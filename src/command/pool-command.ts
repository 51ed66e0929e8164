// `ferrydns pool`: how pools stand, and giving the answer back to the members that come first, asked of the server over its admin address.
import { AdminClient, connectionFlags, connectionUsage } from './admin-client.ts';
import { readFlags } from './flags.ts';
import { type PoolStatus, printPools } from './pool-status.ts';

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
  if (values.help === true || more.length > 0) throw new Error(usage);
  const client = new AdminClient(values, process.env, 'pools with admin');
  const found = await ask(client, { verb, name, by: values.by ?? process.env['USER'] });
  return values.json === true ? JSON.stringify(found, null, 2) : printPools(Array.isArray(found) ? (found as PoolStatus[]) : [found as PoolStatus]);
}

interface Asked {
  readonly verb: string | undefined;
  readonly name: string | undefined;
  /** Who asks. */
  readonly by: string | undefined;
}

/** One status, or those of all pools. */
async function ask(client: AdminClient, { verb, name, by }: Asked): Promise<unknown> {
  const path = name === undefined ? '/pools' : `/pools/${encodeURIComponent(name)}`;
  if (verb === 'status') return client.get(path);
  if (verb !== 'failback' || name === undefined) throw new Error(usage);
  const { status } = (await client.post(`${path}/failback`, by === undefined || by === '' ? {} : { by })) as { readonly status: unknown };
  return status;
}
