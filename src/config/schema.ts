// The JSON Schema of the YAML form, made from the grammars of the plugins: for editors that check and complete while one types.

import { type Arg, type ArgSpec, type ConfigSpec, describeLine, isValue, type Property } from './grammar.ts';
import type { JsonSchema, Value } from './values.ts';

/** What the schema needs to know of a plugin. */
export interface PluginGrammar {
  readonly name: string;
  readonly summary: string;
  readonly config: ConfigSpec;
}

/** YAML reads 30 as a number where the value is text: both are fine. */
export const wordSchema: JsonSchema = { type: ['string', 'number'] };
/** In a list `true` and `false` are words as well. */
export const itemSchema: JsonSchema = { type: ['string', 'number', 'boolean'] };
const line: JsonSchema = { anyOf: [itemSchema, { type: 'array', items: itemSchema }] };
const imported: JsonSchema = { type: 'string', description: 'a file, a glob or a snippet of Corefile text' };

/** A JSON Schema (2020-12) for configurations in the YAML form that use the given plugins. `more` are schemas of other files, by name. */
export function jsonSchema(plugins: readonly PluginGrammar[], more: Readonly<Record<string, JsonSchema>> = {}): JsonSchema {
  const uses = plugins.map(({ name }) => ({ $ref: `#/$defs/${name}` }));
  const importing = { type: 'object', properties: { import: imported }, required: ['import'], additionalProperties: false };
  const server = {
    type: 'object',
    properties: {
      zones: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
      plugins: { type: 'array', items: { anyOf: [...uses, importing] } },
    },
    required: ['zones'],
    additionalProperties: false,
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ferrydns configuration',
    type: 'object',
    properties: {
      global: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'object' }] } },
      servers: { type: 'array', items: { anyOf: [server, importing] } },
    },
    additionalProperties: false,
    $defs: { ...Object.fromEntries(plugins.map((plugin) => [plugin.name, pluginSchema(plugin)])), ...more },
  };
}

/** A JSON Schema for a file that is a map of options, of one grammar's block; `more` are properties besides. */
export function optionsSchema(title: string, config: ConfigSpec, more: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    title,
    type: 'object',
    properties: { ...more, ...blockSchema(config) },
    additionalProperties: false,
  };
}

function blockSchema({ block = {} }: ConfigSpec): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(Object.entries(block).map(([option, property]) => [option, optionSchema(option, property)]));
}

/** A plugin stands as its bare name, as `name: ARGUMENTS`, or as `name: { args, OPTIONS }`. */
function pluginSchema({ name, summary, config }: PluginGrammar): JsonSchema {
  const args = argsSchema(config.args ?? {});
  // An option that is false is left out, and so is a plugin.
  const options = Object.entries(blockSchema(config)).map(([option, schema]) => [
    option,
    { ...schema, anyOf: [...(schema['anyOf'] as readonly JsonSchema[]), { const: false }] },
  ]);
  const removed = Object.entries(config.removed ?? {}).map(([option, help]) => [option, { description: help, deprecated: true }]);
  const lines = config.lines === undefined ? [] : [['lines', { type: 'array', items: line, description: config.lines.help }]];
  const block = {
    type: 'object',
    properties: Object.fromEntries([['args', args], ...options, ...removed, ...lines]),
    ...(leastWords(config.args ?? {}) > 0 ? { required: ['args'] } : {}),
    additionalProperties: config.lines !== undefined,
  };
  const used = {
    type: 'object',
    properties: { [name]: { anyOf: [args, block, { const: false }] } },
    required: [name],
    additionalProperties: false,
  };
  return { description: summary, anyOf: leastWords(config.args ?? {}) === 0 ? [{ const: name }, used] : [used] };
}

/** A list of lists is a list of lines. Of an option that is not `repeated` the last line wins at best, so there one is enough. */
function optionSchema(name: string, { kind, args, help }: Property<unknown>): JsonSchema {
  const description = `${help} (${describeLine(name, args)})`;
  if (kind === 'flag') return { description, anyOf: [{ enum: [true, null] }] };
  const lines = { type: 'array', items: listSchema(args), minItems: 1 };
  return { description, anyOf: [argsSchema(args), ...(kind === 'repeated' ? [lines] : [])] };
}

/** The arguments of one line: a list, or one word where one is enough, or nothing where none is needed. */
function argsSchema(spec: ArgSpec): JsonSchema {
  const least = leastWords(spec);
  const args = Object.values(spec);
  const single = least <= 1 && args.length > 0 ? [anyWord(args, wordSchema)] : [];
  return { anyOf: [listSchema(spec), ...single, ...(least === 0 ? [{ enum: [true, null] }] : [])] };
}

function listSchema(spec: ArgSpec): JsonSchema {
  const args = Object.values(spec);
  const least = leastWords(spec);
  const most = args.some((arg) => !isValue(arg) && arg.kind !== 'optional') ? undefined : args.length;
  return {
    type: 'array',
    ...(args.length === 0 ? {} : itemsSchema(args)),
    minItems: least,
    ...(most === undefined ? {} : { maxItems: most }),
  };
}

/** A word that may be passed over shifts those after it: then each of them may be any of the values. */
function itemsSchema(args: readonly (Value<unknown> | Arg<unknown>)[]): JsonSchema {
  const open = args.findIndex((arg) => !isValue(arg));
  const first = args.slice(0, open === -1 ? args.length : open).map((arg) => valueSchema(arg, itemSchema));
  return {
    ...(first.length === 0 ? {} : { prefixItems: first }),
    ...(open === -1 ? {} : { items: anyWord(args.slice(open), itemSchema) }),
  };
}

function anyWord(args: readonly (Value<unknown> | Arg<unknown>)[], word: JsonSchema): JsonSchema {
  const [first, second] = args;
  return first !== undefined && second === undefined ? valueSchema(first, word) : { anyOf: args.map((arg) => valueSchema(arg, word)) };
}

function valueSchema(arg: Value<unknown> | Arg<unknown>, word: JsonSchema): JsonSchema {
  const schema = (isValue(arg) ? arg.schema : arg.value?.schema) ?? word;
  return schema['type'] === 'string' ? { ...schema, ...word } : schema;
}

function leastWords(spec: ArgSpec): number {
  return Object.values(spec).reduce((sum, arg) => sum + (isValue(arg) ? 1 : arg.atLeast), 0);
}
