// Reads a plan file: YAML with the options of `migrate`, and every problem with its line and column.
import { decode } from '../config/decode.ts';
import { ConfigError, ConfigErrors, type Place } from '../config/error.ts';
import type { JsonSchema } from '../config/json-schema.ts';
import { itemSchema, optionsSchema, wordSchema } from '../config/schema.ts';
import type { Word } from '../config/tree.ts';
import { parseYamlOptions } from '../config/yaml.ts';
import { moveOptionNames, planGrammar } from './grammar.ts';
import type { WrittenMove } from './move.ts';
import { readMove } from './read-move.ts';

/** A plan as its file says it, and what is odd about it. */
export interface PlanFile {
  readonly move: WrittenMove;
  readonly warnings: readonly { readonly message: string; readonly place: Place }[];
}

const sides = ['from', 'to'] as const;
/** A word that parts others cannot stand among them. */
const noSide = { not: { enum: sides } };
const form = { known: ['names', ...moveOptionNames], several: 'names', one: 'name', parts: sides };

/** The JSON Schema of a plan file. */
export function planSchema(): JsonSchema {
  const list = (word: JsonSchema) => ({ type: 'array', items: { ...itemSchema, ...word }, minItems: 1 });
  const targets = { anyOf: [{ ...wordSchema, ...noSide }, list(noSide)] };
  const own = { type: 'object', properties: { from: targets, to: targets }, additionalProperties: false };
  const map = { type: 'object', additionalProperties: { anyOf: [own, { type: 'null' }] }, minProperties: 1 };
  const description = 'the names that move together: a list, or a map of names to a from and to of their own';
  const names = { description, anyOf: [wordSchema, list({}), map] };
  const schema = optionsSchema('ferrydns migration plan', planGrammar, { names });
  return { ...schema, allOf: [{ anyOf: [{ required: ['names'] }, { required: ['name'] }] }, ...sides.map(sideSchema)] };
}

/** A side stands for all names or in each of them; a `name` may have its own. */
function sideSchema(side: string): JsonSchema {
  const each = { type: 'object', additionalProperties: { type: 'object', required: [side] } };
  return { anyOf: [{ required: [side] }, { required: ['names'], properties: { names: each } }, { required: ['name'] }] };
}

/** Throws ConfigErrors that hold every problem found. `file` is the name that places show. */
export function readPlanFile(text: string, file: string): PlanFile {
  const sources = new Map([[file, text]]);
  const { lines, problems } = parseYamlOptions(text, file, form);
  const start: Place = { file, line: 1, column: 1, length: 1 };
  const decoded = decode([{ name: { text: 'migrate', place: start, quoted: false }, args: [], lines }], planGrammar, 'migrate');
  const found = [...problems, ...decoded.problems];
  if (found.length === 0 && decoded.options?.name.length === 0) found.push(new ConfigError("no name to move, expected 'names'", { place: start }));
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
