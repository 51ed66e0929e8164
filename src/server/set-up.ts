// From a configuration that was read to server blocks whose instances are set up, or to everything that is wrong with it.
import { type ConfigError, ConfigErrors } from '../config/error.ts';
import type { Parsed } from '../config/tree.ts';
import { type Block, type SetupEnvironment, setUpBlocks } from './block.ts';
import { loadCustomPlugins } from './custom-plugins.ts';

/** Sets a configuration up. Rejects with ConfigErrors that hold every problem. */
export async function setUp(parsed: Parsed, environment: SetupEnvironment): Promise<{ blocks: readonly Block[]; warnings: readonly string[] }> {
  const problems = [...parsed.problems];
  const registry = await loadCustomPlugins(parsed.tree, environment.registry, problems);
  const { blocks, warnings, problems: more } = await setUpBlocks(parsed.tree, { ...environment, registry });
  problems.push(...more);
  if (problems.length > 0) throw new ConfigErrors(problems.sort(byPlace), parsed.sources);
  return { blocks, warnings: [...parsed.warnings, ...warnings] };
}

function byPlace({ place: a }: ConfigError, { place: b }: ConfigError): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : 0;
}
