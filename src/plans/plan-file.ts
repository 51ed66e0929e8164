// Reads a plan file: YAML with the options of `migrate`, and every problem with its line and column.
import { decode } from '../config/decode.ts';
import { ConfigError, ConfigErrors, type Place } from '../config/error.ts';
import { optionsSchema } from '../config/schema.ts';
import type { Word } from '../config/tree.ts';
import type { JsonSchema } from '../config/values.ts';
import { parseYamlOptions } from '../config/yaml.ts';
import { planGrammar } from './grammar.ts';
import type { WrittenMove } from './move.ts';
import { readMove } from './read-move.ts';

/** A plan as its file says it, and what is odd about it. */
export interface PlanFile {
  readonly move: WrittenMove;
  readonly warnings: readonly { readonly message: string; readonly place: Place }[];
}

/** The JSON Schema of a plan file. */
export function planSchema(): JsonSchema {
  const targets = { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] };
  const sides = { type: 'object', properties: { from: targets, to: targets }, additionalProperties: false };
  const names = { anyOf: [targets, { type: 'object', additionalProperties: { anyOf: [sides, { type: 'null' }] } }] };
  const description = 'the names that move together: a list, or a map of names to a from and to of their own';
  return optionsSchema('ferrydns migration plan', planGrammar, { names: { description, ...names } });
}

/** Throws ConfigErrors that hold every problem found. `file` is the name that places show. */
export function readPlanFile(text: string, file: string): PlanFile {
  const sources = new Map([[file, text]]);
  const { lines, problems } = parseYamlOptions(text, file, { several: 'names', one: 'name' });
  const start: Place = { file, line: 1, column: 1, length: 1 };
  const decoded = decode([{ name: { text: 'migrate', place: start, quoted: false }, args: [], lines }], planGrammar, 'migrate');
  const found = [...problems, ...decoded.problems];
  if (found.length > 0 || decoded.options === undefined) throw new ConfigErrors(found, sources);
  const place = (at?: Word | string) => (typeof at === 'object' ? at.place : decoded.placeOf(at));
  const warnings: PlanFile['warnings'][number][] = [];
  try {
    const move = readMove(decoded.options, [], {
      fail(message, at) {
        throw new ConfigError(message, { place: place(at), plugin: 'migrate' });
      },
      warn: (message, at) => void warnings.push({ message, place: place(at) }),
    });
    return { move, warnings };
  } catch (error) {
    throw error instanceof ConfigError ? new ConfigErrors([error], sources) : error;
  }
}
