// Reads the configuration from where it is: a Corefile, its YAML form, standard input, or the built-in default.
import { existsSync, readFileSync } from 'node:fs';
import { parseCorefile } from '../config/corefile.ts';
import { ConfigError, ConfigErrors, messageOf } from '../config/error.ts';
import type { Parsed } from '../config/tree.ts';

/** What serves when there is no configuration: everything is answered with who asked. */
const builtIn = '. {\n    whoami\n    log\n}\n';

/** A configuration that was read without a problem; plain data, so that it can be sent to another process. */
export type Configuration = Pick<Parsed, 'tree' | 'hash'>;

/** Where a configuration comes from. */
export interface ConfigurationSource {
  /** How places name it. */
  readonly file: string;
  /** Its text; throws when it cannot be read. */
  read(): string;
}

/** A file, read anew each time. Ends in .yaml or .yml: the YAML form. */
export function fileSource(file: string): ConfigurationSource {
  return { file, read: () => readFileSync(file, 'utf8') };
}

/** A text that stays. */
export function textSource(text: string, file: string): ConfigurationSource {
  return { file, read: () => text };
}

/** `./Corefile` if there is one, else the built-in default. */
export function defaultSource(): ConfigurationSource {
  return existsSync('Corefile') ? fileSource('Corefile') : textSource(builtIn, 'built-in');
}

/** Reads a configuration; an empty one is the built-in default. Problems stand in the result; only a file that cannot be read throws. */
export async function readConfiguration(source: ConfigurationSource): Promise<Parsed> {
  const text = readText(source);
  // The YAML reader is loaded by those who have a YAML file: all others start sooner without it.
  const parse = /\.ya?ml$/.test(source.file) ? (await import('../config/yaml.ts')).parseYaml : parseCorefile;
  const parsed = parse(text, source.file);
  const empty = parsed.tree.blocks.length === 0 && parsed.tree.global === undefined && parsed.problems.length === 0;
  return empty ? parseCorefile(builtIn, 'built-in') : parsed;
}

function readText(source: ConfigurationSource): string {
  try {
    return source.read();
  } catch (error) {
    const reason = messageOf(error);
    throw new ConfigErrors([new ConfigError(`cannot be read: ${reason}`, { place: { file: source.file, line: 1, column: 1, length: 1 } })]);
  }
}
