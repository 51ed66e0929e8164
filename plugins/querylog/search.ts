// Looks for events in memory: a few thousand at a time, so that queries are answered meanwhile.
import { setImmediate as turn } from 'node:timers/promises';
import type { FoundEvents, NumberedEvent } from 'ferrydns/built-in';
import { parseDuration } from 'ferrydns/plugin';
import { filterNames, makeFilter } from './event-filter.ts';
import type { Memory } from './memory.ts';
import { RecordReader } from './record-reader.ts';
import type { Ring } from './ring.ts';

/** What is looked for. */
export interface Search {
  readonly wants: ReturnType<typeof makeFilter>;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Only events with a lower number. */
  readonly before: number;
  readonly limit: number;
}

/** Events that are looked at in one go. */
const atOnce = 2000;
/** Milliseconds by which events may be out of order: those of other processes come a little later. */
const disorder = 5000;
const usualLimit = 100;
const mostEvents = 1000;

/** Reads the parameters of a request; `known` are those that it may have. Throws an Error that says what is wrong. */
export function readSearch(given: URLSearchParams, now: number, known: readonly string[] = [...filterNames, 'since', 'before', 'limit']): Search {
  const parameters = readParameters(given, known);
  const { since, before, limit } = parameters;
  return {
    wants: makeFilter(parameters),
    since: since === undefined ? Number.NEGATIVE_INFINITY : readTime(since, now),
    before: before === undefined ? Number.POSITIVE_INFINITY : readCount('before', before, Number.MAX_SAFE_INTEGER),
    limit: limit === undefined ? usualLimit : readCount('limit', limit, mostEvents),
  };
}

export function readParameters(given: URLSearchParams, known: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const [name, text] of given) {
    if (!known.includes(name)) throw new Error(`unknown parameter '${name}', expected one of ${known.join(', ')}`);
    if (Object.hasOwn(parameters, name)) throw new Error(`parameter '${name}' is there twice`);
    parameters[name] = text;
  }
  return parameters;
}

export function readCount(name: string, text: string, most: number): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most) throw new Error(`${name}: '${text}', expected a whole number from 1 to ${most}`);
  return count;
}

/** The newest events that are wanted. */
export async function search({ ring }: Memory, wanted: Search): Promise<FoundEvents> {
  const { wants, since, limit } = wanted;
  const reader = new RecordReader(ring);
  const events: NumberedEvent[] = [];
  let looked = 0;
  for (let number = Math.min(ring.end, wanted.before) - 1; number >= ring.oldest; number--) {
    const record = reader.look(ring.startOf(number));
    if (record.time < since - disorder) break;
    if (record.time >= since && wants(record)) {
      if (events.length === limit) return { events, more: true };
      events.push({ number, ...record.event() });
    }
    if (++looked % atOnce === 0) await turn();
  }
  return { events, more: false };
}

/** The number of the first event since a time. */
export function firstSince(ring: Ring, since: number): number {
  let low = ring.oldest;
  let high = ring.end;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (ring.timeOf(middle) < since) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A duration back from now, or a time. */
function readTime(text: string, now: number): number {
  const time = /^\d{4}-/.test(text) ? Date.parse(text) : now - readDuration(text);
  if (Number.isNaN(time)) throw new Error(`since: '${text}', expected a duration back such as 5m, or a time such as 2026-11-28T22:00:00Z`);
  return time;
}

function readDuration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return Number.NaN;
  }
}
