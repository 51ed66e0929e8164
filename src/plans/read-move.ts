// Makes a move of its options, and refuses what cannot be meant at the word that is wrong.
import { isIP } from 'node:net';
import { readCheck } from '../checks/check-words.ts';
import { parseDuration } from '../config/duration.ts';
import { messageOf } from '../config/error.ts';
import { isServiceReference, readServiceReference, serviceText } from '../config/service-reference.ts';
import type { Word } from '../config/tree.ts';
import { canonicalAddress } from '../dns/address.ts';
import { type Name, parseName } from '../dns/name.ts';
import { type CacheBelow, type Check, type Gate, type Plan, planOf, type Target } from '../migration/plan.ts';
import { problemsOf } from '../migration/plan-problems.ts';
import { type PlanFileOptions, readPlanName } from './grammar.ts';
import type { Move, StorePlace, WrittenMove } from './move.ts';
import { readStorePlace } from './store-place.ts';

/** Where problems go: at a word, or at the option of that name. */
export interface Reading {
  fail(message: string, at?: Word | string): never;
  warn(message: string, at?: Word | string): void;
}

/** Reads a move; `heads` are names that stand before the options, and are moved by them as they are. */
export function readMove(options: PlanFileOptions, heads: readonly Word[], reading: Reading): WrittenMove {
  return new MoveReader(options, reading).read(heads);
}

type PrometheusGate = Extract<Gate, { readonly kind: 'prometheus' }>;

const comparisons = ['<', '<=', '>', '>=', '==', '!='] as const;

interface Side {
  readonly targets: readonly Target[];
  readonly words: readonly Word[];
}

interface NameReading {
  readonly word: Word;
  readonly name: Name;
  readonly from: Side;
  readonly to: Side;
}

class MoveReader {
  private readonly options: PlanFileOptions;
  private readonly reading: Reading;

  constructor(options: PlanFileOptions, reading: Reading) {
    this.options = options;
    this.reading = reading;
  }

  read(heads: readonly Word[]): WrittenMove {
    const { options, reading } = this;
    const names = [...heads.map((word) => this.name([word])), ...options.name.map(({ name }) => this.name(name))];
    const [first] = names;
    if (first === undefined) return reading.fail("no name to move, expected 'name NAME'", 'name');
    const checks = this.checks(first.name);
    const plan = this.plan(names, checks);
    this.judge(plan, names);
    return { plan, record: options.continues ?? plan.name, store: this.store(), checks, words: new Map(names.map(({ name, word }) => [name, word])) };
  }

  private plan(names: readonly NameReading[], checks: Move['checks']): Plan {
    const { options } = this;
    const { countdown, pace } = options;
    return planOf({
      name: this.planName(names),
      names: names.map(({ name, from, to }) => ({ name, from: from.targets, to: to.targets })),
      role: options.role,
      mode: options.mode,
      ttl: options.ttl ?? null,
      transitionTtl: options.transition_ttl,
      caches: this.caches(),
      weight: options.weight ?? null,
      canary: options.canary?.percent ?? [],
      checks: checks.map(planCheck),
      gates: this.gates(),
      fence: this.fence(),
      advance: options.advance,
      rollback: options.rollback,
      rollbackAfter: options.rollback_after / 1000,
      handback: options.handback === 'on',
      handbackAnswers: options.handback_answers,
      hold: options.hold / 1000,
      slack: options.slack / 1000,
      store: this.store().kind,
      session: options.session / 1000,
      skew: options.skew / 1000,
      ...(pace === undefined ? {} : { pace: pace / 1000 }),
      ...(countdown === undefined ? {} : { countdown: countdown / 1000 }),
    });
  }

  private store(): StorePlace {
    return readStorePlace(this.options.store?.store ?? [], (message, at) => this.reading.fail(message, at));
  }

  private planName([first]: readonly NameReading[]): string {
    const { plan } = this.options;
    if (plan !== undefined || first === undefined) return plan ?? '';
    return this.attempt(first.word, () => readPlanName(first.name.replace(/\.$/, '')));
  }

  private name(words: readonly Word[]): NameReading {
    const [word, ...rest] = words;
    if (word === undefined) return this.reading.fail('no name', 'name');
    const sides: Record<'from' | 'to', Word[]> = { from: [], to: [] };
    let side: Word[] | undefined;
    for (const each of rest) {
      if (each.text === 'from' || each.text === 'to') side = sides[each.text];
      else if (side === undefined) this.reading.fail(`unexpected '${each.text}', expected 'from' or 'to'`, each);
      else side.push(each);
    }
    const name = this.attempt(word, parseName);
    return { word, name, from: this.side('from', sides.from, word), to: this.side('to', sides.to, word) };
  }

  private side(side: 'from' | 'to', own: readonly Word[], name: Word): Side {
    if (own.length > 0) return { targets: this.targets(own), words: own };
    const { options } = this;
    const words = options[side]?.targets;
    if (words === undefined)
      return this.reading.fail(`no '${side}' for ${name.text}, expected '${side}' with addresses, a name, a pool or a service`, name);
    this.shared[side] ??= { targets: this.targets(words), words };
    return this.shared[side];
  }

  private readonly shared: Partial<Record<'from' | 'to', Side>> = {};

  private targets(words: readonly Word[]): readonly Target[] {
    const [first, second, third] = words;
    if (first?.text === 'pool') {
      if (second === undefined || third !== undefined) return this.reading.fail("expected one name after 'pool'", third ?? first);
      return [{ kind: 'pool', pool: this.attempt(second, parseName) }];
    }
    return words.map((word) => {
      if (isServiceReference(word.text)) return { kind: 'service', service: serviceText(this.attempt(word, readServiceReference)) };
      if (isIP(word.text) !== 0 && !word.text.includes('%')) return { kind: 'address', address: canonicalAddress(word.text) };
      if (/^[\d.]+$/.test(word.text) || word.text.includes(':')) return this.reading.fail(`'${word.text}' is not an address`, word);
      return { kind: 'name', name: this.attempt(word, parseName) };
    });
  }

  private caches(): readonly CacheBelow[] {
    const words = (this.options.caches?.caches ?? []).flatMap(split);
    const found: CacheBelow[] = [];
    for (let i = 0; i < words.length; i += 2) {
      const [kind, length] = [words[i], words[i + 1]];
      if (kind === undefined) break;
      if (length === undefined) return this.reading.fail(`no duration after '${kind.text}', expected one such as 30s`, kind);
      const seconds = this.attempt(length, readDuration) / 1000;
      if (seconds < 0) this.reading.fail(`'${length.text}' is below zero`, length);
      found.push({ kind: kind.text, seconds });
    }
    return found;
  }

  private checks(host: Name): Move['checks'] {
    return this.options.check.map(({ side, check }) => ({
      side,
      spec: readCheck(check, { host: host.replace(/\.$/, ''), fail: (message, at) => this.reading.fail(message, at ?? 'check') }),
    }));
  }

  private gates(): readonly Gate[] {
    return this.options.gate.map(({ gate }): Gate => {
      const [kind, first, ...more] = gate;
      if (kind === undefined || first === undefined) return this.reading.fail('empty gate', 'gate');
      const label = gate.map(({ text }) => text).join(' ');
      if (kind.text === 'exec') return { label, kind: 'exec', command: [first.text, ...more.map(({ text }) => text)] };
      if (kind.text !== 'http' && kind.text !== 'prometheus') {
        return this.reading.fail(`unknown gate '${kind.text}', expected http, prometheus or exec`, kind);
      }
      if (!/^https?:/.test(first.text) || !URL.canParse(first.text)) this.reading.fail(`'${first.text}' is not an http URL`, first);
      if (kind.text === 'prometheus') return { label, kind: 'prometheus', url: first.text, ...this.comparison(first, more) };
      if (more.length > 0) this.reading.fail(`unexpected '${more[0]?.text}'`, more[0]);
      return { label, kind: 'http', url: first.text };
    });
  }

  private comparison(url: Word, [query, compare, value, ...more]: readonly Word[]): Pick<PrometheusGate, 'query' | 'compare' | 'value'> {
    if (query === undefined || compare === undefined || value === undefined) {
      return this.reading.fail('expected a query, an operator and a number after the URL', url);
    }
    const known = comparisons.find((each) => each === compare.text);
    if (known === undefined) return this.reading.fail(`unknown operator '${compare.text}', expected one of ${comparisons.join(', ')}`, compare);
    const number = Number(value.text);
    if (value.text === '' || !Number.isFinite(number)) return this.reading.fail(`'${value.text}' is not a number`, value);
    if (more[0] !== undefined) this.reading.fail(`unexpected '${more[0].text}'`, more[0]);
    return { query: query.text, compare: known, value: number };
  }

  private fence(): Plan['fence'] {
    const words = this.options.fence?.fence;
    const { fence_timeout: timeout, fence_did_nothing: told } = this.options;
    if (words === undefined) return null;
    const [kind, ...command] = words;
    if (kind?.text !== 'exec') return this.reading.fail(`unknown fence '${kind?.text}', expected exec`, kind);
    const didNothing = told === undefined ? {} : { didNothing: told.statuses };
    return { command: command.map(({ text }) => text), timeout: timeout / 1000, ...didNothing };
  }

  private judge(plan: Plan, names: readonly NameReading[]): void {
    for (const each of names) this.refuseFamilies(each);
    for (const { severity, field, message } of problemsOf(plan)) {
      const at = placeOf(field, names);
      if (severity === 'error') this.reading.fail(message, at);
      this.reading.warn(message, at);
    }
  }

  /** A family that only A has would be answered empty after the move. */
  private refuseFamilies({ from, to, name }: NameReading): void {
    if (![...from.targets, ...to.targets].every(({ kind }) => kind === 'address')) return;
    const families = new Set(to.targets.map(familyOf));
    const lost = from.targets.findIndex((target) => !families.has(familyOf(target)));
    if (lost < 0) return;
    const family = familyOf(from.targets[lost]);
    this.reading.fail(`to has no IPv${family} address, expected one: ${name} would be answered empty after the move`, from.words[lost]);
  }

  private attempt<T>(word: Word, read: (text: string) => T): T {
    try {
      return read(word.text);
    } catch (error) {
      return this.reading.fail(messageOf(error), word);
    }
  }
}

/** The parts of a word with spaces or commas in it, each with its own place where that can be told. */
function split(word: Word): readonly Word[] {
  const { place, text } = word;
  const quotes = place.length - text.length;
  return [...text.matchAll(/[^\s,]+/g)].map(({ 0: part, index }) => {
    const told = quotes === 0 || (quotes === 2 && word.quoted);
    return { ...word, text: part, place: told ? { ...place, column: place.column + quotes / 2 + index, length: part.length } : place };
  });
}

function readDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw new Error(`${messageOf(error)}, expected one such as 30s`);
  }
}

function familyOf(target: Target | undefined): number {
  return target?.kind === 'address' ? isIP(target.address) : 0;
}

/** The word or option that the path of a field means; `canary[1]` is a word of an option, `gate[1]` one of its lines: `names[1].from[0]`, `transition_ttl`. */
function placeOf(field: string, names: readonly NameReading[]): Word | string {
  const {
    index,
    side,
    target,
    option = 'name',
  } = /^(?:names(?:\[(?<index>\d+)\])?(?:\.(?<side>from|to)(?:\[(?<target>\d+)\])?)?|(?<option>\w+(?:\[\d+\])?))$/.exec(field)?.groups ?? {};
  const name = names[Number(index)];
  if (name === undefined) return option;
  if (side !== 'from' && side !== 'to') return name.word;
  return name[side].words.at(target === undefined ? 0 : Number(target)) ?? name.word;
}

function planCheck({ side, spec: { probe, pace } }: Move['checks'][number]): Check {
  const times = { interval: pace.interval / 1000, timeout: pace.timeout / 1000, fall: pace.fall, rise: pace.rise, dwell: pace.dwell / 1000 };
  if (probe.kind === 'http') {
    return { side, probe: { kind: 'http', url: `http://${probe.host}:${probe.port}${probe.path}`, status: probe.status ?? null }, ...times };
  }
  if (probe.kind === 'dns') return { side, probe: { kind: 'dns', port: probe.port, name: probe.name, type: probe.type }, ...times };
  return { side, probe: { kind: 'tcp', port: probe.port }, ...times };
}
