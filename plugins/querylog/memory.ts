// The events that the server keeps in memory. There is one memory for all server blocks and processes, and it lives through reloads.
import { hashName } from 'ferrydns/built-in';
import type { Metrics } from 'ferrydns/plugin';
import type { Outlet } from './log.ts';
import type { MemorySettings } from './options.ts';
import { type Area, place } from './record.ts';
import { Ring } from './ring.ts';
import { Top } from './top.ts';

/** Words of events that are counted together at the latest: many at a time take less than one by one. */
const mostUncounted = 32_768;

export class Memory implements Outlet {
  ring: Ring;
  private readonly counts = new Top();
  /** The number of the first event that is not counted yet, and the words that it and those behind it take. */
  private uncounted = 1;
  private uncountedWords = 0;
  /** Events that were lost on their way here from a worker process. */
  dropped = 0;
  private age: number;
  private users = 0;

  private constructor({ events, age }: MemorySettings) {
    this.ring = new Ring(events);
    this.age = age;
  }

  /** The memory of a server, told apart by its metrics. */
  static of(metrics: Metrics, settings: MemorySettings): Memory {
    const known = memories.get(metrics) ?? new Memory(settings);
    memories.set(metrics, known);
    known.users++;
    return known;
  }

  /** Nobody of this configuration uses it any more. */
  leave(metrics: Metrics): void {
    this.users--;
    if (this.users === 0) memories.delete(metrics);
  }

  get area(): Area {
    return this.ring;
  }

  /** What came most, of all that was written. */
  get top(): Top {
    this.count();
    return this.counts;
  }

  written(at: number): void {
    this.uncountedWords += (this.ring.words[at + place.size] as number) & 0xffff;
    // None is overwritten before it is counted.
    if (this.uncountedWords >= Math.min(mostUncounted, this.ring.words.length / 2)) this.count();
  }

  take(area: Area, at: number): void {
    const start = this.ring.take(area, at);
    // Each process hashes in its own way.
    this.ring.words[start + place.nameHash] = nameHashAt(this.ring, start);
    this.written(start);
  }

  /** From now on it is as these settings say; the newest events stay. */
  resize({ events, age }: MemorySettings): void {
    this.age = age;
    if (events === this.ring.most) return;
    this.count();
    const ring = new Ring(events);
    ring.inherit(this.ring);
    this.ring = ring;
  }

  /** Forgets what is too old at this time, milliseconds since 1970. */
  forget(now: number): void {
    this.top.turn(now, this.age);
    this.ring.forget(now - this.age);
  }

  private count(): void {
    this.counts.add(this.ring, this.uncounted);
    this.uncounted = this.ring.end;
    this.uncountedWords = 0;
  }
}

function nameHashAt({ bytes, reader }: Ring, at: number): number {
  const { nameStart, nameLength } = reader.look(at);
  return hashName(bytes, nameStart, nameStart + nameLength);
}

const memories = new WeakMap<Metrics, Memory>();
