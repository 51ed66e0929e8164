// The JSON Schema of the YAML form, made from the grammars of the plugins: for editors that check and complete while one types.

import { type Arg, type ArgSpec, type ConfigSpec, describeLine, isValue, type Property } from './grammar.ts';
import type { JsonSchema } from './json-schema.ts';
import type { Value } from './values.ts';

type SomeArg = Value<unknown> | Arg<unknown>;

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
  const named = { type: 'object', properties: { servers: listOrNothing({ anyOf: [{ $ref: '#/$defs/server' }, importing] }) } };
  const custom = { type: 'object', properties: { servers: listOrNothing({ anyOf: [{ $ref: '#/$defs/server-with-custom-plugins' }, importing] }) } };
  const global = { anyOf: [itemSchema, { type: 'object', minProperties: 1, maxProperties: 1 }] };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'ferrydns configuration',
    type: ['object', 'null'],
    properties: { global: listOrNothing(global), servers: { type: ['array', 'null'] } },
    additionalProperties: false,
    // Only the global block can bring plugins that are not built in.
    if: { type: 'object', required: ['global'] },
    // biome-ignore lint/suspicious/noThenProperty: the word of JSON Schema
    then: custom,
    else: named,
    $defs: {
      server: serverSchema(plugins, []),
      'server-with-custom-plugins': serverSchema(plugins, customPlugin(plugins)),
      ...Object.fromEntries(plugins.map((plugin) => [plugin.name, pluginSchema(plugin)])),
      ...more,
    },
  };
}

const importing = { type: 'object', properties: { import: imported }, required: ['import'], additionalProperties: false };

function listOrNothing(items: JsonSchema): JsonSchema {
  return { type: ['array', 'null'], items };
}

function serverSchema(plugins: readonly PluginGrammar[], more: readonly JsonSchema[]): JsonSchema {
  const uses = plugins.map(({ name }) => ({ $ref: `#/$defs/${name}` }));
  const once = plugins.filter(({ config }) => (config.repeat ?? 'refuse') === 'refuse');
  return {
    type: 'object',
    properties: {
      zones: { anyOf: [wordSchema, { type: 'array', items: wordSchema, minItems: 1 }] },
      plugins: { ...listOrNothing({ anyOf: [...uses, importing, ...more] }), allOf: once.map(({ name }) => atMostOnce(name)) },
    },
    required: ['zones'],
    additionalProperties: false,
  };
}

/** A plugin that is `false` is left out, so it does not count. */
function atMostOnce(name: string): JsonSchema {
  const used = { type: 'object', required: [name], properties: { [name]: { not: { const: false } } } };
  return { contains: { anyOf: [{ const: name }, used] }, minContains: 0, maxContains: 1 };
}

function customPlugin(plugins: readonly PluginGrammar[]): JsonSchema[] {
  const other = { type: 'string', not: { enum: plugins.map(({ name }) => name) } };
  return [other, { type: 'object', propertyNames: other, minProperties: 1, maxProperties: 1 }];
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

function blockSchema({ block = {}, once = false }: ConfigSpec): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(Object.entries(block).map(([option, property]) => [option, optionSchema(option, property, once)]));
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
  const needed = [...(leastWords(config.args ?? {}) > 0 ? ['args'] : []), ...(config.needs ?? [])];
  const block = {
    type: 'object',
    properties: Object.fromEntries([['args', args], ...options, ...removed, ...lines]),
    ...(needed.length > 0 ? { required: needed } : {}),
    additionalProperties: false,
  };
  const used = {
    type: 'object',
    properties: { [name]: { anyOf: [...(config.needs === undefined ? [args] : []), block, { const: false }] } },
    required: [name],
    additionalProperties: false,
  };
  return { description: summary, anyOf: needed.length === 0 ? [{ const: name }, used] : [used] };
}

/** A list of lists is a list of lines. */
function optionSchema(name: string, { kind, args, help }: Property<unknown>, once: boolean): JsonSchema {
  const description = `${help} (${describeLine(name, args)})`;
  const lines = { type: 'array', items: listSchema(args), minItems: 1, ...(once && kind !== 'repeated' ? { maxItems: 1 } : {}) };
  return { description, anyOf: [argsSchema(args), lines] };
}

/** The arguments of one line: a list, or one word where one is enough, or nothing where none is needed. */
function argsSchema(spec: ArgSpec): JsonSchema {
  const least = leastWords(spec);
  const args = Object.values(spec);
  const single = least <= 1 && args.length > 0 ? [least === 1 ? anyWord(args.filter(isNeeded), wordSchema) : firstWord(args, wordSchema)] : [];
  return { anyOf: [listSchema(spec), ...single, ...(least === 0 ? [{ enum: [true, null] }] : [])] };
}

function listSchema(spec: ArgSpec): JsonSchema {
  const args = Object.values(spec);
  return { type: 'array', ...(args.length === 0 ? {} : itemsSchema(args)), minItems: leastWords(spec), ...limit(mostWords(args)) };
}

function limit(most: number): JsonSchema {
  return most === Number.POSITIVE_INFINITY ? {} : { maxItems: most };
}

/** A word that may be passed over shifts those after it: then each of them may be any of the values. */
function itemsSchema(args: readonly SomeArg[]): JsonSchema {
  const open = args.findIndex((arg) => !isValue(arg));
  const first = args.slice(0, open === -1 ? args.length : open).map((arg) => valueSchema(arg, itemSchema));
  if (open === -1) return { prefixItems: first };
  const later = args.slice(open);
  const shifts = open < args.length - 1 && !later.slice(0, 1).some(isNeeded);
  const prefixItems = shifts ? [...first, firstWord(later, itemSchema)] : first;
  return { ...(prefixItems.length === 0 ? {} : { prefixItems }), items: anyWord(shifts ? later.slice(1) : later, itemSchema) };
}

/** What the first word of these arguments may be: one of a shape that an argument has is that argument's, be it right or wrong. */
function firstWord(args: readonly SomeArg[], word: JsonSchema): JsonSchema {
  const [first, ...later] = args;
  if (first === undefined) return word;
  const own = valueSchema(first, word);
  if (isValue(first) || first.kind !== 'optional' || later.length === 0) return own;
  return { anyOf: [own, { allOf: [{ not: shapeOf(first, word) }, firstWord(later, word)] }] };
}

function shapeOf(arg: SomeArg, word: JsonSchema): JsonSchema {
  return (isValue(arg) ? arg.shape : arg.value?.shape) ?? valueSchema(arg, word);
}

function anyWord(args: readonly SomeArg[], word: JsonSchema): JsonSchema {
  const [first, second] = args;
  return first !== undefined && second === undefined ? valueSchema(first, word) : { anyOf: args.map((arg) => valueSchema(arg, word)) };
}

/** Text may be a number in YAML; `type: ['string']` says of a value that it cannot. */
function valueSchema(arg: SomeArg, word: JsonSchema): JsonSchema {
  const schema = (isValue(arg) ? arg.schema : arg.value?.schema) ?? word;
  return schema['type'] === 'string' ? { ...schema, ...word } : schema;
}

function mostWords(args: readonly SomeArg[]): number {
  return args.reduce((sum, arg) => sum + (isValue(arg) || arg.kind === 'optional' ? 1 : (arg.atMost ?? Number.POSITIVE_INFINITY)), 0);
}

function isNeeded(arg: SomeArg): boolean {
  return isValue(arg) || arg.atLeast > 0;
}

function leastWords(spec: ArgSpec): number {
  return Object.values(spec).reduce((sum, arg) => sum + (isValue(arg) ? 1 : arg.atLeast), 0);
}
