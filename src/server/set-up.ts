// From a configuration that was read to server blocks whose instances are set up, or to everything that is wrong with it.
import { type ConfigError, ConfigErrors } from '../config/error.ts';
import type { Parsed } from '../config/tree.ts';
import { FilesRead } from '../config/watched-file.ts';
import type { Name } from '../dns/name.ts';
import type { Capability } from '../plugin/capability.ts';
import { type Block, problemOf, provided, type SetupEnvironment } from './block.ts';
import { setUpBlocks } from './block-setup.ts';
import { loadCustomPlugins } from './custom-plugins.ts';
import { type Listener, waysOf } from './name-ways.ts';
import { within } from './within.ts';

/** A configuration whose instances are set up, and know only their own server block yet. */
export interface Ready {
  readonly blocks: readonly Block[];
  /** The text of each file that was read, by the name that places use. */
  readonly sources: ReadonlyMap<string, string>;
  /** What is odd about it; instances add to it until it is in use. */
  readonly warnings: readonly string[];
  /** The files whose content the instances were set up with. */
  readonly files: FilesRead;
}

/** How what was set up is put together. */
export interface Assembly<T extends { readonly listeners: readonly Listener[] }> {
  /** Whether it will not be started. */
  readonly checking: boolean;
  /** Told of what is odd, also where the configuration is refused. */
  readonly warn: (warning: string) => void;
  assemble(ready: Ready): T;
}

/** Sets a configuration up, and shows every instance the whole of it. Rejects with ConfigErrors that hold every problem. */
export async function setUp<T extends { readonly listeners: readonly Listener[] }>(
  parsed: Parsed,
  environment: SetupEnvironment,
  { checking, warn, assemble }: Assembly<T>,
): Promise<T> {
  const told: string[] = [];
  const tell = (warning: string) => {
    told.push(warning);
    warn(warning);
  };
  // They may say why what follows is refused.
  for (const warning of parsed.warnings) tell(warning);
  const problems = [...parsed.problems];
  const files = new FilesRead();
  const registry = await loadCustomPlugins(parsed.tree, { ...environment, files }, problems);
  const { blocks, warnings, ...found } = await setUpBlocks(parsed.tree, { ...environment, registry, files });
  problems.push(...found.problems);
  const sources = new Map([...found.sources, ...parsed.sources]);
  const refuse = () => {
    if (problems.length > 0) throw new ConfigErrors(problems.sort(byPlace), sources);
  };
  // What could not be set up would be missed by the others.
  refuse();
  const assembled = assemble({ blocks, sources, warnings: told, files });
  problems.push(...(await examine(blocks, assembled.listeners, { checking, stopping: environment.stopping })));
  refuse();
  for (const warning of warnings) tell(warning);
  return assembled;
}

/** Shows every instance the whole configuration. */
async function examine(
  blocks: readonly Block[],
  listeners: readonly Listener[],
  { checking, stopping }: { readonly checking: boolean; readonly stopping: AbortSignal },
): Promise<ConfigError[]> {
  const problems: ConfigError[] = [];
  for (const block of blocks) {
    for (const use of block.uses) {
      try {
        const context = {
          checking,
          peers: <T>(capability: Capability<T>) => provided(block, capability),
          everywhere: <T>(capability: Capability<T>) => blocks.flatMap((each) => provided(each, capability)),
          ways: (name: Name) => waysOf(name, listeners),
        };
        await within(use, 'examine', () => use.instance.examine?.(context), stopping);
      } catch (error) {
        problems.push(...(error instanceof ConfigErrors ? error.problems : [problemOf(error, use)]));
      }
    }
  }
  return problems;
}

function byPlace({ place: a }: ConfigError, { place: b }: ConfigError): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}
