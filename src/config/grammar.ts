// The grammar of a plugin as data: its arguments and options, from which decoding, messages, README syntax and JSON Schema are made.

import type { Name } from '../dns/name.ts';
import type { Line, Word } from './tree.ts';
import { type Value, zones } from './values.ts';

/** An argument that is not simply one required word. */
export interface Arg<T> {
  readonly kind: 'optional' | 'many' | 'flat' | 'words';
  readonly value?: Value<unknown>;
  readonly label?: string;
  readonly fallback?: unknown;
  readonly atLeast: number;
  /** What a schema says of the most; who sets up refuses more in words of its own. */
  readonly atMost?: number;
  /** Carries the type alone. */
  readonly __type?: T;
}

/** The arguments of a directive or an option, in order: a `Value` takes exactly one word. */
export type ArgSpec = Readonly<Record<string, Value<unknown> | Arg<unknown>>>;

/** One word or none. A word of another shape that a later argument can take is left to that one. */
export function optional<T>(value: Value<T>): Arg<T | undefined>;
export function optional<T>(value: Value<T>, fallback: T): Arg<T>;
export function optional<T>(value: Value<T>, fallback?: T): Arg<T | undefined> {
  return { kind: 'optional', value, fallback, atLeast: 0 };
}

/** Every word that later arguments do not need. `atMost` is for the schema: setup refuses more, in words of its own. */
export function many<T>(value: Value<T>, atLeast = 0, atMost?: number): Arg<readonly T[]> {
  return { kind: 'many', value, atLeast, ...(atMost === undefined ? {} : { atMost }) };
}

/** Zones, each a name or a CIDR prefix, as one flat list. */
export function zoneList(atLeast = 0): Arg<readonly Name[]> {
  return { kind: 'flat', value: zones, atLeast };
}

/** All further words as they stand, for a plugin with a small language of its own. */
export function words(label: string, atLeast = 0): Arg<readonly Word[]> {
  return { kind: 'words', label, atLeast };
}

/** An option: a line inside the block of a directive that starts with the option's name. */
export interface Property<T> {
  readonly kind: 'flag' | 'setting' | 'property' | 'repeated';
  readonly help: string;
  readonly args: ArgSpec;
  readonly fallback?: unknown;
  /** Carries the type alone. */
  readonly __type?: T;
}

/** An option without arguments: true when it is there. */
export function flag(help: string): Property<boolean> {
  return { kind: 'flag', help, args: {} };
}

/** An option with one argument; the last one wins unless the grammar says `once`; the fallback (or undefined) stands where it is missing. */
export function setting<T>(value: Value<T>, help: string): Property<T | undefined>;
export function setting<T>(value: Value<T>, help: string, fallback: T): Property<T>;
export function setting<T>(value: Value<T>, help: string, fallback?: T): Property<T | undefined> {
  return { kind: 'setting', help, args: { value }, fallback };
}

/** An option with arguments by name; the last one wins unless the grammar says `once`; undefined where it is missing. */
export function property<const A extends ArgSpec>(args: A, help: string): Property<ArgsOf<A> | undefined> {
  return { kind: 'property', help, args };
}

/** An option that may stand several times: all of them, in order. */
export function repeated<const A extends ArgSpec>(args: A, help: string): Property<readonly ArgsOf<A>[]> {
  return { kind: 'repeated', help, args };
}

/** The grammar of one directive. */
export interface ConfigSpec {
  readonly args?: ArgSpec;
  /** The options inside the block, by name. */
  readonly block?: Readonly<Record<string, Property<unknown>>>;
  /** Lines that start with no known option are handed over as they stand; from the option `before` on they are refused. */
  readonly lines?: { readonly label: string; readonly help: string; readonly before?: string };
  /** Options that cannot be left out. For the schema: setup refuses it, in words of its own. */
  readonly needs?: readonly string[];
  /** An option that is not `repeated` may stand but once in a block. Without it the last one wins, as with CoreDNS. */
  readonly once?: boolean;
  /** Options that CoreDNS once had and now ignores: accepted with a warning that says what to use instead. */
  readonly removed?: Readonly<Record<string, string>>;
  /**
   * What a second use in one server block means: an error (`refuse`, the default), a further instance in the chain
   * (`chain`), or one instance that is given the options of all uses as a list (`merge`).
   */
  readonly repeat?: 'refuse' | 'chain' | 'merge';
}

/** The values that a list of arguments decodes to. */
export type ArgsOf<A> = {
  readonly [K in keyof A]: A[K] extends Value<infer T> ? T : A[K] extends Arg<infer T> ? T : never;
};

/** The options that one use of a directive decodes to. */
export type UseOf<S extends ConfigSpec> = (S['args'] extends ArgSpec ? ArgsOf<S['args']> : unknown) &
  (S['block'] extends object ? { readonly [K in keyof S['block']]: S['block'][K] extends Property<infer T> ? T : never } : unknown) &
  (S['lines'] extends object ? { readonly lines: readonly Line[] } : unknown);

/** What `setup` is given: the options of one use, or the list of all uses where the grammar says `merge`. */
export type OptionsOf<S extends ConfigSpec> = S['repeat'] extends 'merge' ? readonly UseOf<S>[] : UseOf<S>;

/** The names that `fail(message, at)` may point at. */
export type OptionName<S extends ConfigSpec> = keyof UseOf<S> & string;

/** How an argument stands in a syntax description: "[TTL]", "ZONES...", "random|sequential". */
export function describeArg(name: string, arg: Value<unknown> | Arg<unknown>): string {
  if (isValue(arg)) return arg.words === undefined ? upper(name, arg) : arg.label;
  const label = arg.value?.words === undefined ? (arg.label ?? upper(name, arg.value)) : arg.value.label;
  // A small language of its own says itself what may be left out.
  if (arg.kind === 'words' && (label.startsWith('[') || label.endsWith(']'))) return label;
  if (arg.kind === 'optional') return `[${label}]`;
  return arg.atLeast === 0 ? `[${label}...]` : `${label}...`;
}

/** The syntax of a plugin as a README shows it, made from its grammar. */
export function describeSyntax(name: string, spec: ConfigSpec): string {
  const head = describeLine(name, spec.args ?? {});
  const options = Object.entries(spec.block ?? {}).map(([option, { args }]) => `    ${describeLine(option, args)}`);
  if (spec.lines !== undefined) options.unshift(`    ${spec.lines.label}`);
  return options.length === 0 ? head : [`${head} {`, ...options, '}'].join('\n');
}

/** A name and the arguments after it: "success CAPACITY [TTL] [MINTTL]". */
export function describeLine(name: string, args: ArgSpec): string {
  return [name, ...Object.entries(args).map(([arg, spec]) => describeArg(arg, spec))].join(' ');
}

/** Whether an argument is simply one required word. */
export function isValue(arg: Value<unknown> | Arg<unknown>): arg is Value<unknown> {
  return 'parse' in arg;
}

/** An argument goes by its own name; the one of a setting has none and goes by the label of its value. */
function upper(name: string, value: Value<unknown> | undefined): string {
  if (name === 'value') return value?.label ?? 'VALUE';
  return name.replace(/(?<=[a-z\d])(?=[A-Z])/g, '_').toUpperCase();
}
