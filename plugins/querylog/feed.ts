// Server-sent events: queries as they come. A stream keeps nothing but its place: the next events are looked for when the client has taken those before.

import { setTimeout as pause } from 'node:timers/promises';
import type { NumberedEvent } from 'ferrydns/built-in';
import type { Memory } from './memory.ts';
import { RecordReader } from './record-reader.ts';
import type { Search } from './search.ts';
import { firstSince } from './search.ts';

/** Milliseconds between two looks, and of silence until a comment shows that the connection lives. */
const pace = 250;
const heartbeat = 15_000;
/** Events that one look tells of at most, and that it looks at. */
const mostTold = 500;
const mostLooked = 20_000;

/** The events that are wanted, as text, until the signal aborts. */
export async function* follow(memory: Memory, wanted: Search, signal: AbortSignal): AsyncGenerator<string, void> {
  let ring = memory.ring;
  let next = Number.isFinite(wanted.since) ? firstSince(ring, wanted.since) : ring.end;
  let spoken = performance.now();
  while (!signal.aborted) {
    if (memory.ring !== ring) ring = memory.ring;
    const from = Math.max(next, ring.oldest, ring.end - mostLooked);
    const missed = from - next;
    const { events, end } = look(memory, wanted, from);
    next = end;
    const text = `${missed > 0 ? `event: missed\ndata: {"count":${missed}}\n\n` : ''}${events.length > 0 ? `event: queries\ndata: ${JSON.stringify(events)}\n\n` : ''}`;
    if (text !== '') {
      spoken = performance.now();
      yield text;
    } else if (performance.now() - spoken >= heartbeat) {
      spoken = performance.now();
      yield ': still here\n\n';
    }
    // Ended early, it has nothing to say about it.
    if (events.length < mostTold) await pause(pace, undefined, { signal }).catch(() => undefined);
  }
}

/** The events from a number on, and where the next look begins. */
function look({ ring }: Memory, { wants }: Search, from: number): { readonly events: readonly NumberedEvent[]; readonly end: number } {
  const reader = new RecordReader(ring);
  const events: NumberedEvent[] = [];
  let number = from;
  for (; number < ring.end && events.length < mostTold; number++) {
    const record = reader.look(ring.startOf(number));
    if (wants(record)) events.push({ number, ...record.event() });
  }
  return { events, end: number };
}
