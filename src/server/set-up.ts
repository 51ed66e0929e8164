// From a configuration that was read to server blocks whose instances are set up, or to everything that is wrong with it.
import { type ConfigError, ConfigErrors } from '../config/error.ts';
import type { Parsed } from '../config/tree.ts';
import { FilesRead } from '../config/watched-file.ts';
import type { Capability } from '../plugin/capability.ts';
import { type Block, problemOf, provided, type SetupEnvironment, setUpBlocks } from './block.ts';
import { loadCustomPlugins } from './custom-plugins.ts';
import { within } from './within.ts';

/** A configuration whose instances may be started. */
export interface Ready {
  readonly blocks: readonly Block[];
  /** The text of each file that was read, by the name that places use. */
  readonly sources: ReadonlyMap<string, string>;
  /** The files whose content the instances were set up with. */
  readonly files: FilesRead;
}

interface Setting {
  /** Whether it will not be started. */
  readonly checking: boolean;
  /** Told of what is odd, also where the configuration is refused. */
  readonly warn: (warning: string) => void;
}

/** Sets a configuration up. Rejects with ConfigErrors that hold every problem. */
export async function setUp(parsed: Parsed, environment: SetupEnvironment, { checking, warn }: Setting): Promise<Ready> {
  // They may say why what follows is refused.
  for (const warning of parsed.warnings) warn(warning);
  const problems = [...parsed.problems];
  const files = new FilesRead();
  const registry = await loadCustomPlugins(parsed.tree, { ...environment, files }, problems);
  const { blocks, warnings, ...found } = await setUpBlocks(parsed.tree, { ...environment, registry, files });
  problems.push(...found.problems);
  // What could not be set up would be missed by the others.
  if (problems.length === 0) problems.push(...(await examine(blocks, checking, environment.stopping)));
  const sources = new Map([...found.sources, ...parsed.sources]);
  if (problems.length > 0) throw new ConfigErrors(problems.sort(byPlace), sources);
  for (const warning of warnings) warn(warning);
  return { blocks, sources, files };
}

/** Shows every instance the whole configuration. */
async function examine(blocks: readonly Block[], checking: boolean, stopping: AbortSignal): Promise<ConfigError[]> {
  const problems: ConfigError[] = [];
  for (const block of blocks) {
    for (const use of block.uses) {
      try {
        const context = {
          checking,
          peers: <T>(capability: Capability<T>) => provided(block, capability),
          everywhere: <T>(capability: Capability<T>) => blocks.flatMap((each) => provided(each, capability)),
        };
        await within(use, 'examine', () => use.instance.examine?.(context), stopping);
      } catch (error) {
        problems.push(problemOf(error, use));
      }
    }
  }
  return problems;
}

function byPlace({ place: a }: ConfigError, { place: b }: ConfigError): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}
