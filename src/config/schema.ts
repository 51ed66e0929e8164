// The JSON Schema of the YAML form, made from the grammars of the plugins: for editors that check and complete while one types.

import { type Arg, type ArgSpec, type ConfigSpec, describeLine, isValue, type Property } from './grammar.ts';
import type { JsonSchema, Value } from './values.ts';

/** What the schema needs to know of a plugin. */
export interface PluginGrammar {
  readonly name: string;
  readonly summary: string;
  readonly config: ConfigSpec;
}

const word: JsonSchema = { type: ['string', 'number', 'boolean'] };
const line: JsonSchema = { anyOf: [word, { type: 'array', items: word }] };
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
  const options = Object.entries(config.block ?? {}).map(([option, property]) => [option, optionSchema(option, property)]);
  return {
    title,
    type: 'object',
    properties: { ...more, ...Object.fromEntries(options) },
    additionalProperties: false,
  };
}

/** A plugin stands as its bare name, as `name: ARGUMENTS`, or as `name: { args, OPTIONS }`. */
function pluginSchema({ name, summary, config }: PluginGrammar): JsonSchema {
  const args = argsSchema(config.args ?? {});
  const options = Object.entries(config.block ?? {}).map(([option, property]) => [option, optionSchema(option, property)]);
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
    properties: { [name]: { anyOf: [args, block] } },
    required: [name],
    additionalProperties: false,
  };
  return { description: summary, anyOf: leastWords(config.args ?? {}) === 0 ? [{ const: name }, used] : [used] };
}

function optionSchema(name: string, { kind, args, help }: Property<unknown>): JsonSchema {
  const description = `${help} (${describeLine(name, args)})`;
  if (kind === 'flag') return { description, type: ['boolean', 'null'] };
  const one = argsSchema(args);
  return { description, anyOf: kind === 'repeated' ? [one, { type: 'array', items: one }] : [one] };
}

/** The arguments of one line: a list, or one word where one is enough, or nothing where none is needed. */
function argsSchema(spec: ArgSpec): JsonSchema {
  const args = Object.values(spec);
  const least = leastWords(spec);
  const most = args.some((arg) => !isValue(arg) && arg.kind !== 'optional') ? undefined : args.length;
  const list = {
    type: 'array',
    ...(args.length === 0 ? {} : itemsSchema(args)),
    minItems: least,
    ...(most === undefined ? {} : { maxItems: most }),
  };
  const single = least <= 1 && most !== 0 ? [anyWord(args)] : [];
  return { anyOf: [list, ...single, ...(least === 0 ? [{ type: ['null', 'boolean'] }] : [])] };
}

/** A word that may be passed over shifts those after it: then each may be any of the values. */
function itemsSchema(args: readonly (Value<unknown> | Arg<unknown>)[]): JsonSchema {
  return args.every(isValue) ? { prefixItems: args.map(wordSchema) } : { items: anyWord(args) };
}

function anyWord(args: readonly (Value<unknown> | Arg<unknown>)[]): JsonSchema {
  return args.length === 1 && args[0] !== undefined ? wordSchema(args[0]) : { anyOf: args.map(wordSchema) };
}

/** YAML reads 30 as a number where the value is text: both are fine. */
function wordSchema(arg: Value<unknown> | Arg<unknown>): JsonSchema {
  const schema = (isValue(arg) ? arg.schema : arg.value?.schema) ?? word;
  return schema['type'] === 'string' ? { ...schema, type: ['string', 'number'] } : schema;
}

function leastWords(spec: ArgSpec): number {
  return Object.values(spec).reduce((sum, arg) => sum + (isValue(arg) ? 1 : arg.atLeast), 0);
}
