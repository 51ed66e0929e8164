// The grammar of `querylog`, and what its options come to.
import {
  type ConfigSpec,
  choice,
  cidr,
  duration,
  file,
  flag,
  integer,
  many,
  messageOf,
  type OptionsOf,
  optional,
  property,
  repeated,
  type SetupContext,
  setting,
  value,
  zone,
} from 'ferrydns/plugin';
import { hashedBy, network, type WriteClient, whole } from './client-form.ts';
import type { LineForm } from './event-line.ts';
import type { Rotation } from './line-file.ts';
import { Selection } from './selection.ts';

/** Events that are kept unless the configuration says otherwise, and for how long (milliseconds). */
const usualMemory = { events: 50_000, age: 3_600_000 };
const leastKey = 16;

const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const fileSize = value('SIZE', readSize, {
  expected: 'a size such as 100M, or 0',
  schema: { anyOf: [{ const: 0 }, { type: ['string'], pattern: '^(0|\\d{1,6}[KMG])$' }] },
});

function readSize(word: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([KMG])$/.exec(word) ?? [];
  if (number === '' && word !== '0') throw new Error(`'${word}' is not a size`);
  return Number(number) * (units[unit] ?? 0);
}

export const grammar = {
  block: {
    memory: property(
      { events: optional(integer({ min: 100, max: 10_000_000 }), usualMemory.events), age: optional(duration({ min: '1s' }), usualMemory.age) },
      'keeps the last events for the admin address: so many, for so long',
    ),
    file: property(
      { file, size: optional(fileSize, readSize('100M')), kept: optional(integer({ min: 0, max: 1000 }), 5) },
      'writes events to a file; one that would become larger than SIZE is moved aside, and KEPT old ones stay',
    ),
    stdout: flag('writes events to standard output'),
    format: setting(choice('json', 'logfmt'), 'how a line is written', 'json'),
    names: repeated({ zones: many(zone, 1) }, 'only names in these zones'),
    clients: repeated({ networks: many(cidr, 1) }, 'only clients in these networks'),
    slow: setting(duration({ min: '1us' }), 'only answers that took so long or longer'),
    failures: flag('only what failed: neither NOERROR nor NXDOMAIN, or nothing sent'),
    sample: setting(integer({ min: 1, max: 1_000_000 }), 'only one of so many of what is left, at random', 1),
    addresses: property({ form: choice('whole', 'network', 'hash'), key: optional(file) }, 'how much of the addresses of clients is kept'),
  },
  once: true,
  repeat: 'merge',
} as const satisfies ConfigSpec;

type Options = OptionsOf<typeof grammar>[number];

/** How many events are kept in memory. */
export interface MemorySettings {
  readonly events: number;
  /** Milliseconds. */
  readonly age: number;
}

/** One directive. */
export interface LogSettings {
  readonly selection: Selection;
  readonly writeClient: WriteClient;
  /** Undefined: its events are not kept in memory. */
  readonly memory: MemorySettings | undefined;
  readonly file: FileSettings | undefined;
  readonly stdout: boolean;
  readonly lineForm: LineForm;
}

/** A file that events are written to. */
export interface FileSettings extends Rotation {
  /** Absolute. */
  readonly path: string;
}

/** The settings of each directive of a server block. */
export function readSettings(uses: readonly Options[], context: SetupContext): readonly LogSettings[] {
  const settings = uses.map((use) => settingsOf(use, context));
  if (settings.filter(({ memory }) => memory !== undefined).length > 1) {
    context.fail(
      'two querylog of this server block keep events in memory, where each query is to be once: expected one, and file or stdout in the other',
      'memory',
    );
  }
  return settings;
}

function settingsOf(use: Options, context: SetupContext): LogSettings {
  const selection = new Selection({
    zones: use.names.flatMap(({ zones }) => zones),
    networks: use.clients.flatMap(({ networks }) => networks),
    slow: use.slow,
    failures: use.failures,
    sample: use.sample,
  });
  const { file: given, stdout, format: lineForm } = use;
  // Where nothing is said, events are kept in memory.
  const memory = use.memory ?? (given === undefined && !stdout ? usualMemory : undefined);
  const file = given && { path: context.path(given.file), size: given.size, kept: given.kept };
  return { selection, writeClient: writerFor(use.addresses, context), memory, file, stdout, lineForm };
}

function writerFor(addresses: Options['addresses'], context: SetupContext): WriteClient {
  if (addresses === undefined) return whole;
  const { form, key } = addresses;
  if (form === 'hash') return hashedBy(readKey(key, context));
  if (key !== undefined) context.fail(`unexpected '${key}' behind '${form}', expected a file with 'hash' alone`, 'addresses');
  return form === 'network' ? network : whole;
}

function readKey(path: string | undefined, context: SetupContext): string {
  if (path === undefined)
    return context.fail(
      "no file behind 'hash', expected one whose first line is a secret key: with no key anybody could try all addresses",
      'addresses',
    );
  let key: string;
  try {
    key = context.read(path).toString('utf8').split('\n', 1)[0]?.trim() ?? '';
  } catch (error) {
    return context.fail(messageOf(error), 'addresses');
  }
  if (key.length < leastKey)
    context.fail(`the first line of ${path} has ${key.length} characters, expected a key of at least ${leastKey}`, 'addresses');
  return key;
}
