// `ferrydns convert`: a Corefile as YAML, and back.
import { parseCorefile } from '../config/corefile.ts';
import { ConfigErrors } from '../config/error.ts';
import { remarksOf } from '../config/remarks.ts';
import { toCorefile } from '../config/write.ts';
import { parseYaml, yamlRemarks } from '../config/yaml.ts';
import { toYaml } from '../config/yaml-writer.ts';
import { loadPlugins } from '../server/registry.ts';
import { type FileContext, oneFile } from './file-commands.ts';
import { textOf } from './flags.ts';

const convertUsage = `usage: ferrydns convert FILE
  prints a Corefile as YAML, or a file that ends in .yaml or .yml as a Corefile; says what the other form does not keep`;

/** Rejects with ConfigErrors that hold every problem of the file. */
export async function convert(words: readonly string[], { registry, tell }: FileContext): Promise<string> {
  const file = oneFile(words, convertUsage);
  const isYaml = /\.ya?ml$/.test(file);
  const text = textOf(file);
  const { tree, problems, warnings, sources } = (isYaml ? parseYaml : parseCorefile)(text, file, { env: 'keep', inlined: tell });
  if (problems.length > 0) throw new ConfigErrors(problems, sources);
  for (const warning of warnings) tell(`[WARNING] ${warning}`);
  if (isYaml) return toCorefile(tree, yamlRemarks(text, file, tree));
  const plugins = await loadPlugins(registry, tree);
  const grammarOf = (plugin: string) => plugins.find(({ name }) => name === plugin)?.config;
  return toYaml(tree, { grammarOf, remarks: remarksOf(text, file, tree) });
}
