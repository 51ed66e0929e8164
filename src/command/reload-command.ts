// `ferrydns reload`: has a server that runs load its configuration again, over its admin address.
import type { ReloadStatus } from '../plugin/admin/reload-page.ts';
import { AdminClient, connectionFlags, connectionUsage, Refusal } from './admin-client.ts';
import { readFlags, userName } from './flags.ts';
import { outlookText } from './outlook-text.ts';

const usage = `usage: ferrydns reload [-force] [-status] [-by WHO] [-json]
  -force   loads it although the guard of 'reload' refuses what it would change
  -status  loads nothing, and says which configuration runs and which was refused
both ask a server with an admin address:
${connectionUsage}`;

const flags = {
  ...connectionFlags,
  force: { type: 'boolean' },
  status: { type: 'boolean' },
  json: { type: 'boolean' },
  by: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Returns what is printed. Rejects with the reason when the configuration is refused. */
export async function runReload(words: readonly string[]): Promise<string> {
  const { values, positionals } = readFlags(words, flags, usage);
  if (values.help === true) throw new Error(usage);
  if (positionals[0] !== undefined) throw new Error(`unexpected "${positionals[0]}"\n${usage}`);
  const client = new AdminClient(values);
  if (values.status === true) {
    const status = (await client.get('/reload')) as ReloadStatus;
    return values.json === true ? `${JSON.stringify(status, null, 2)}\n` : statusText(status);
  }
  try {
    await client.post('/reload/now', { force: values.force ?? false, by: values.by ?? userName() });
    return 'the configuration is loaded\n';
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 409) throw error;
    const { refused } = (await client.get('/reload')) as ReloadStatus;
    throw new Error(`${refused?.outlook == null ? '' : outlookText(refused.outlook)}${error.message}`);
  }
}

function statusText({ hash, loaded, refused }: ReloadStatus): string {
  const since = loaded === null ? '' : `, loaded at ${loaded.at}${loaded.forced ? ' by -force' : ''}`;
  const runs = `configuration ${hash.slice(0, 16)} runs${since}\n`;
  if (refused === null) return runs;
  return `${runs}another one was refused at ${refused.at}: ${refused.reason}\n${refused.outlook === null ? '' : outlookText(refused.outlook)}`;
}
