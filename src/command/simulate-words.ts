// How `migrate simulate` is told of caches, arrivals and trouble: "resolver 30s x20, jvm 30s", "poisson 500", "100s-130s".
import { parseDuration } from '../config/duration.ts';
import { type Cache, jvmNegative } from '../migration/simulator/caches.ts';
import type { Arrival } from '../migration/simulator/run.ts';
import type { FenceRun } from '../migration/simulator/server.ts';

/** What may stand after the word of a cache: how many durations, and whether several clients may share one. */
const grammar = {
  resolver: { durations: [0, 1], shared: true, form: 'resolver [CAP] [xNUMBER]' },
  clamp: { durations: [1, 1], shared: true, form: 'clamp DURATION [xNUMBER]' },
  jvm: { durations: [1, 2], shared: false, form: 'jvm DURATION [DURATION]' },
  forever: { durations: [0, 0], shared: false, form: 'forever' },
  pool: { durations: [1, 1], shared: false, form: 'pool DURATION' },
} as const;

const kinds = Object.keys(grammar) as (keyof typeof grammar)[];

/** Reads caches with commas between them; `none` is no cache. Throws with what was found and what was expected. */
export function readCaches(text: string): readonly Cache[] {
  if (text.trim() === 'none') return [];
  return text.split(',').map((part) => readCache(part.trim().split(/\s+/)));
}

function readCache([word = '', ...rest]: readonly string[]): Cache {
  const kind = kinds.find((each) => each === word);
  if (kind === undefined) throw new Error(`unknown cache "${word}" for flag -caches, expected one of ${kinds.join(', ')}, or none alone`);
  const { durations, shared, form } = grammar[kind];
  const wrong = (found: string) => new Error(`${found} for flag -caches, expected "${form}"`);
  const count = /^x(\d{1,7})$/.exec(rest.at(-1) ?? '')?.[1];
  if (count !== undefined && (!shared || Number(count) === 0)) throw wrong(`"${kind} … x${count}"`);
  const times = (count === undefined ? rest : rest.slice(0, -1)).map((each) => seconds(each, wrong));
  const [least, most] = durations;
  if (times.length < least || times.length > most) throw wrong(`"${[kind, ...rest].join(' ')}"`);
  const [first = kind === 'resolver' ? Number.POSITIVE_INFINITY : 0, second = jvmNegative] = times;
  const groups = count === undefined ? (kind === 'resolver' ? 1 : 0) : Number(count);
  return { kind, seconds: first, shared: groups, ...(kind === 'jvm' ? { negative: second } : {}) };
}

function seconds(word: string, wrong: (found: string) => Error): number {
  try {
    const length = parseDuration(word) / 1000;
    if (length >= 0.05 && length <= 10 * 365 * 86_400) return length;
  } catch {
    // Said below, with the form that is expected.
  }
  throw wrong(`"${word}" is not a duration such as 30s`);
}

/** Reads `spread`, `step` or `poisson RATE`. Throws with what was found and what was expected. */
export function readArrival(text: string): Arrival {
  const [word, rate, ...more] = text.trim().split(/\s+/);
  if ((word === 'spread' || word === 'step') && rate === undefined) return { kind: word };
  const number = Number(rate);
  if (word === 'poisson' && more.length === 0 && /^\d+(\.\d+)?$/.test(rate ?? '') && number > 0 && number <= 10_000_000) {
    return { kind: 'poisson', rate: number };
  }
  throw new Error(`invalid value "${text}" for flag -arrival, expected spread, step, or "poisson RATE" with clients per second`);
}

/** Reads how the fence runs. `timeout`: how long it may take; null: the plan has none. Throws as above. */
export function readFence(text: string, timeout: number | null): FenceRun {
  if (timeout === null) throw new Error('-fence for a plan without a fence, expected one in the plan');
  if (text === 'fails' || text === 'cut') return text;
  const length = lengthOf(text);
  if (length === null) throw new Error(`invalid value "${text}" for flag -fence, expected a duration such as 20s, fails or cut`);
  if (length > timeout) throw new Error(`-fence ${text} is longer than the ${timeout} s of fence_timeout in the plan, expected -fence cut`);
  return length;
}

/** Reads from when to when B is down, in seconds: "100s-130s". Throws as above. */
export function readOutage(text: string): { readonly from: number; readonly to: number } {
  const [first = '', second = '', ...more] = text.split('-');
  const [from, to] = [lengthOf(first), lengthOf(second)];
  if (from !== null && to !== null && from < to && more.length === 0) return { from, to };
  throw new Error(`invalid value "${text}" for flag -outage, expected two durations, the later behind the earlier, as in 100s-130s`);
}

/** Seconds, of which a simulation has no more than a week; null for what is no length of time. */
function lengthOf(text: string): number | null {
  try {
    const length = parseDuration(text) / 1000;
    return length >= 0 && length <= 604_800 ? length : null;
  } catch {
    return null;
  }
}
