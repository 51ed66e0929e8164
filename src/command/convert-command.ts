// `ferrydns convert`: a Corefile as YAML, or YAML as a Corefile, with its comments and variables; says what the other form does not keep.
import { readFileSync } from 'node:fs';
import { parseCorefile } from '../config/corefile.ts';
import { ConfigErrors } from '../config/error.ts';
import { remarksOf } from '../config/remarks.ts';
import { toCorefile } from '../config/write.ts';
import { parseYaml, yamlRemarks } from '../config/yaml.ts';
import { toYaml } from '../config/yaml-writer.ts';
import type { Registry } from '../server/registry.ts';

export interface ConvertContext {
  readonly registry: Registry;
  /** Takes what is to be known of the result. */
  readonly tell: (line: string) => void;
}

/** The other form of a file. Throws ConfigErrors with every problem of the file. */
export function convertFile(file: string, { registry, tell }: ConvertContext): string {
  const isYaml = /\.ya?ml$/.test(file);
  const text = readFileSync(file, 'utf8');
  const { tree, problems, warnings, sources } = (isYaml ? parseYaml : parseCorefile)(text, file, { env: 'keep', inlined: tell });
  if (problems.length > 0) throw new ConfigErrors(problems, sources);
  for (const warning of warnings) tell(`[WARNING] ${warning}`);
  if (isYaml) return toCorefile(tree, yamlRemarks(text, file, tree));
  const grammarOf = (plugin: string) => registry.plugins.find(({ name }) => name === plugin)?.config;
  return toYaml(tree, { grammarOf, remarks: remarksOf(text, file, tree) });
}
