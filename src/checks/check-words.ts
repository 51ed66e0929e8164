// Reads how to check a service as a Corefile says it: "tcp 80 interval 5s", "http :80/healthz 200", "dns example.org A".

import { formatDuration, parseDuration } from '../config/duration.ts';
import { messageOf } from '../config/error.ts';
import type { Word } from '../config/tree.ts';
import { typeCode } from '../dns/codes.ts';
import { parseName } from '../dns/name.ts';
import type { CheckSpec } from './checks.ts';
import { defaultPace, type Pace } from './health.ts';
import type { Probe } from './probe.ts';

/** How the words of a check stand in a syntax description. */
export const checkSyntax = 'tcp PORT|http :PORT/PATH [STATUS]|dns NAME TYPE [OPTION VALUE...]';

/** How the words of an agent check stand in a syntax description. */
export const agentSyntax = 'tcp PORT [OPTION VALUE...]';

/** What reading a check needs besides its words. */
export interface CheckReading {
  /** The Host header of HTTP requests that name no host themselves. */
  readonly host: string;
  /** Refuses the configuration; without a word at the option itself. */
  fail(message: string, at?: Word): never;
}

/** Reads the words behind `check`: what to do, then options by name: interval, timeout, fall, rise, dwell, and `port` of a DNS check. */
export function readCheck(words: readonly Word[], reading: CheckReading): CheckSpec {
  const reader = new CheckReader(words, reading);
  const kind = reader.take('tcp, http or dns');
  if (kind.text === 'tcp') return reader.finish({ kind: 'tcp', port: reader.port() });
  if (kind.text === 'http') return reader.finish(reader.http());
  if (kind.text === 'dns') return reader.finish(reader.dns());
  return reading.fail(`unknown check '${kind.text}', expected tcp, http or dns`, kind);
}

/** Reads the words behind `agent`; it has neither fall nor rise, for what it says counts at once. */
export function readAgent(words: readonly Word[], reading: CheckReading): CheckSpec {
  const reader = new CheckReader(words, reading);
  const kind = reader.take("'tcp PORT'");
  if (kind.text !== 'tcp') reading.fail(`unknown agent '${kind.text}', expected 'tcp PORT'`, kind);
  return reader.finish({ kind: 'agent', port: reader.port() });
}

const defaultDnsPort = 53;
const longestInterval = 3_600_000;

class CheckReader {
  private readonly words: readonly Word[];
  private readonly reading: CheckReading;
  private at = 0;

  constructor(words: readonly Word[], reading: CheckReading) {
    this.words = words;
    this.reading = reading;
  }

  take(expected: string): Word {
    const word = this.words[this.at];
    if (word === undefined) return this.fail(`nothing after '${this.words.at(-1)?.text ?? 'it'}', expected ${expected}`, this.words.at(-1));
    this.at++;
    return word;
  }

  port(): number {
    return this.number(this.take('a port'), { what: 'a port', min: 1, max: 65_535 });
  }

  /** ":PORT/PATH" at the address that is checked, or a URL, of which the address is not looked up: it gives the Host header. */
  http(): Probe {
    const word = this.take(':PORT/PATH');
    const bare = /^:\d+(?:\/|$)/.test(word.text);
    const url = URL.parse(bare ? `http://host${word.text}` : word.text);
    if (url?.protocol !== 'http:') return this.fail(`'${word.text}' is neither :PORT/PATH nor an http URL`, word);
    const host = bare ? this.reading.host : url.host;
    const probe = { kind: 'http', port: Number(url.port || 80), path: url.pathname + url.search, host } as const;
    if (probe.port === 0) return this.fail(`'${word.text}' has no port that can be asked`, word);
    const next = this.words[this.at];
    if (next === undefined || !/^\d/.test(next.text)) return probe;
    return { ...probe, status: this.number(this.take('a status'), { what: 'an HTTP status', min: 100, max: 599 }) };
  }

  dns(): Probe {
    const name = this.take('a name');
    const type = this.take('a record type');
    if (typeCode(type.text) === undefined) this.fail(`unknown record type '${type.text}'`, type);
    const portless = { kind: 'dns', name: this.name(name), type: type.text.toUpperCase() } as const;
    if (this.words[this.at]?.text !== 'port') return { ...portless, port: defaultDnsPort };
    this.at++;
    return { ...portless, port: this.port() };
  }

  /** Reads the options that are left. */
  finish(probe: Probe): CheckSpec {
    const pace = { ...defaultPace };
    const given = new Set<string>();
    while (this.at < this.words.length) {
      const option = this.take('an option');
      if (given.has(option.text)) this.fail(`option '${option.text}' is there twice, expected it once`, option);
      given.add(option.text);
      this.option(option, probe, pace);
    }
    if (!given.has('timeout')) pace.timeout = Math.min(pace.timeout, pace.interval);
    if (pace.timeout > pace.interval) {
      const found = `timeout ${formatDuration(pace.timeout)} is longer than interval ${formatDuration(pace.interval)}`;
      this.fail(`${found}, expected it to end before the next check`, this.words[0]);
    }
    return { probe, pace };
  }

  private option(option: Word, { kind }: Probe, pace: { -readonly [K in keyof Pace]: Pace[K] }): void {
    if (option.text === 'interval') pace.interval = this.duration({ min: 100, max: longestInterval });
    else if (option.text === 'timeout') pace.timeout = this.duration({ min: 10, max: 60_000 });
    else if (option.text === 'dwell' && kind !== 'agent') pace.dwell = this.duration({ min: 0, max: longestInterval });
    else if ((option.text === 'fall' || option.text === 'rise') && kind !== 'agent') pace[option.text] = this.count();
    else this.fail(`unknown option '${option.text}' of ${kind}`, option);
  }

  private duration(range: { min: number; max: number }): number {
    const word = this.take('a duration');
    const length = this.attempt(word, parseDuration);
    if (length >= range.min && length <= range.max) return length;
    return this.fail(`${word.text} is out of range, expected ${formatDuration(range.min)} to ${formatDuration(range.max)}`, word);
  }

  private count(): number {
    return this.number(this.take('a number'), { what: 'a number of checks', min: 1, max: 1000 });
  }

  private number(word: Word, { what, min, max }: { what: string; min: number; max: number }): number {
    const number = /^\d{1,9}$/.test(word.text) ? Number(word.text) : -1;
    return number >= min && number <= max ? number : this.fail(`'${word.text}' is not ${what} from ${min} to ${max}`, word);
  }

  private name(word: Word) {
    return this.attempt(word, parseName);
  }

  private attempt<T>(word: Word, read: (text: string) => T): T {
    try {
      return read(word.text);
    } catch (error) {
      return this.fail(messageOf(error), word);
    }
  }

  private fail(message: string, at?: Word): never {
    return this.reading.fail(message, at);
  }
}
