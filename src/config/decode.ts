// Turns the directives of one plugin in one server block into typed options, by the plugin's grammar; every problem gets its place.

import { decodeArgs } from './decode-args.ts';
import { ConfigError, formatWarning, nearest, type Place } from './error.ts';
import type { ConfigSpec, OptionsOf, Property } from './grammar.ts';
import { type Directive, type Line, span, type Word } from './tree.ts';

/** The options of a plugin, or what is wrong with them. */
export interface Decoded<S extends ConfigSpec> {
  /** Undefined exactly when there are problems. */
  readonly options: OptionsOf<S> | undefined;
  readonly problems: ConfigError[];
  readonly warnings: string[];
  /**
   * Where an option or argument stands, in the n-th use counted from 0; the directive itself where it is not written down. `option[i]` is its i-th word,
   * or its i-th line where it may stand several times; all of it where there is none such.
   */
  placeOf(option?: string, use?: number): Place;
}

/**
 * Decodes the uses of one plugin in one server block. With `repeat: 'chain'` give one directive at a time, or call
 * {@link decodeAll}; a second use is otherwise an error, unless the grammar says `merge`.
 */
export function decode<S extends ConfigSpec>(directives: readonly Directive[], spec: S, pluginName: string): Decoded<S> {
  const merged = spec.repeat === 'merge';
  const uses = (merged ? directives : directives.slice(0, 1)).map((directive) => decodeUse(directive, spec, pluginName));
  const problems = uses.flatMap((use) => use.problems);
  if (!merged) {
    problems.push(...directives.slice(1).map(({ name }) => usedTwice(name, pluginName)));
  }
  const options = merged ? uses.map((use) => use.options) : uses[0]?.options;
  return {
    // The shape was built from the same grammar that the type is made from.
    options: problems.length === 0 ? (options as OptionsOf<S> | undefined) : undefined,
    problems,
    warnings: uses.flatMap((use) => use.warnings),
    placeOf: (option, use = 0) => placeIn(uses[use], option),
  };
}

/** As {@link decode}, one result for each instance the uses make: several only with `repeat: 'chain'`. */
export function decodeAll<S extends ConfigSpec>(directives: readonly Directive[], spec: S, pluginName: string): Decoded<S>[] {
  if (spec.repeat === 'chain') return directives.map((directive) => decode([directive], spec, pluginName));
  return [decode(directives, spec, pluginName)];
}

interface Use {
  readonly name: Word;
  readonly options: Record<string, unknown>;
  readonly places: Map<string, Place>;
  /** Where the first line of each option stands. */
  readonly lines: Map<string, Place>;
  readonly problems: ConfigError[];
  readonly warnings: string[];
}

function decodeUse(directive: Directive, spec: ConfigSpec, plugin: string): Use {
  const use: Use = { name: directive.name, options: {}, places: new Map(), lines: new Map(), problems: [], warnings: [] };
  const args = decodeArgs(directive.args, spec.args ?? {}, { plugin, name: directive.name });
  Object.assign(use.options, args.values);
  for (const [name, words] of args.taken) note(use, name, span(words));
  use.problems.push(...args.problems);
  for (const [name, { kind, fallback }] of Object.entries(spec.block ?? {})) {
    use.options[name] = { flag: false, setting: fallback, property: undefined, repeated: [] }[kind];
  }
  const rawLines = (directive.lines ?? []).filter((line) => !decodeLine(use, spec, { line, plugin }));
  if (spec.lines !== undefined) {
    use.options['lines'] = rawLines;
    note(use, 'lines', span(rawLines[0]?.words ?? []));
  }
  return use;
}

/** Decodes one line of a block; false for one that is to be handed over as it stands. */
function decodeLine(use: Use, spec: ConfigSpec, { line, plugin }: { line: Line; plugin: string }): boolean {
  const [word] = line.words;
  if (word === undefined) return true;
  const property = own(spec.block, word.text);
  const replacement = own(spec.removed, word.text);
  const first = spec.once === true && property?.kind !== 'repeated' ? use.lines.get(word.text) : undefined;
  if (property !== undefined && first !== undefined) use.problems.push(standsTwice({ first, word, property, plugin }));
  else if (property !== undefined) decodeProperty(use, property, { line, word, plugin });
  else if (replacement !== undefined) {
    use.warnings.push(formatWarning(word.place, `option '${word.text}' is ignored: ${replacement}`, plugin));
  } else if (spec.lines !== undefined && word.isKey === true) use.problems.push(keyForLine(word, spec.lines.label, { spec, plugin }));
  else if (takesLine(spec, use)) return false;
  else use.problems.push(unknownProperty(word, spec, plugin));
  return true;
}

/** What a record holds itself: an option may have the name of a member that every object has. */
function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function decodeProperty(use: Use, property: Property<unknown>, at: { line: Line; word: Word; plugin: string }): void {
  const name = at.word.text;
  const { values, problems } = decodeArgs(at.line.words.slice(1), property.args, { plugin: at.plugin, name: at.word });
  use.problems.push(...problems);
  use.lines.set(name, at.word.place);
  if (property.kind === 'flag') use.options[name] = true;
  else if (property.kind === 'setting') use.options[name] = values['value'];
  else if (property.kind === 'property') use.options[name] = values;
  else (use.options[name] as unknown[]).push(values);
  note(use, name, span(at.line.words));
  noteParts(use, property, at.line.words);
}

function noteParts(use: Use, { kind }: Property<unknown>, [name, ...words]: readonly Word[]): void {
  if (name === undefined) return;
  if (kind === 'repeated') note(use, `${name.text}[${(use.options[name.text] as unknown[]).length - 1}]`, span([name, ...words]));
  else for (const [i, { place }] of words.entries()) note(use, `${name.text}[${i}]`, place);
}

/** CoreDNS takes the last line of an option, of which the first may be the one that was meant. */
function standsTwice({ first, word, property, plugin }: { first: Place; word: Word; property: Property<unknown>; plugin: string }): ConfigError {
  const where = first.file === word.place.file ? `line ${first.line}` : `${first.file}:${first.line}`;
  const expected = property.kind === 'property' ? `one line with all of them` : 'one of them';
  return new ConfigError(`'${word.text}' stands twice, first in ${where}`, { place: word.place, plugin, expected });
}

function note(use: Use, option: string, place: Place | undefined): void {
  if (place !== undefined) use.places.set(option, place);
}

function takesLine(spec: ConfigSpec, use: Use): boolean {
  if (spec.lines === undefined) return false;
  return spec.lines.before === undefined || !use.places.has(spec.lines.before);
}

function unknownProperty(word: Word, spec: ConfigSpec, plugin: string): ConfigError {
  const known = Object.keys(spec.block ?? {});
  const late = spec.lines?.before === undefined ? '' : `; ${spec.lines.label} must stand before '${spec.lines.before}'`;
  const expected = known.length === 0 ? `no options in ${plugin}` : `one of ${known.join(', ')}${late}`;
  return new ConfigError(`unknown property '${word.text}'`, {
    place: word.place,
    plugin,
    expected,
    suggestion: nearest(word.text, known),
  });
}

/** Such lines have an order, which the keys of a map have not. */
function keyForLine(word: Word, label: string, { spec, plugin }: { spec: ConfigSpec; plugin: string }): ConfigError {
  const known = Object.keys(spec.block ?? {});
  const expected = `${['lines', ...known].join(', ')}; ${label} stands in the list 'lines'`;
  return new ConfigError(`unknown property '${word.text}'`, { place: word.place, plugin, expected, suggestion: nearest(word.text, known) });
}

function usedTwice(name: Word, plugin: string): ConfigError {
  return new ConfigError('this plugin can only be used once per Server Block', { place: name.place, plugin });
}

const nowhere: Place = { file: '', line: 1, column: 1, length: 0 };

function placeIn(use: Use | undefined, option: string | undefined): Place {
  const own = option === undefined ? undefined : (use?.places.get(option) ?? use?.places.get(option.replace(/\[\d+\]$/, '')));
  return own ?? use?.name.place ?? nowhere;
}
