// The events that the server keeps in memory. There is one memory for all server blocks and processes, and it lives through reloads.
import { hashName } from 'ferrydns/built-in';
import type { Metrics } from 'ferrydns/plugin';
import type { Outlet } from './log.ts';
import type { MemorySettings } from './options.ts';
import { type Area, place } from './record.ts';
import { Ring } from './ring.ts';
import { Top } from './top.ts';

export class Memory implements Outlet {
  ring: Ring;
  readonly top = new Top();
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

  written(at: number, nameHash: number): void {
    this.top.add(this.ring, at, nameHash);
  }

  take(area: Area, at: number): void {
    const start = this.ring.take(area, at);
    // Each process hashes in its own way.
    this.written(start, nameHashAt(this.ring, start));
  }

  /** From now on it is as these settings say; the newest events stay. */
  resize({ events, age }: MemorySettings): void {
    this.age = age;
    if (events === this.ring.most) return;
    const ring = new Ring(events);
    ring.inherit(this.ring);
    this.ring = ring;
  }

  /** Forgets what is too old at this time, milliseconds since 1970. */
  forget(now: number): void {
    this.ring.forget(now - this.age);
    this.top.turn(now, this.age);
  }
}

function nameHashAt({ bytes, words }: Area, at: number): number {
  const start = (at + place.name) * 4;
  return hashName(bytes, start, start + ((words[at + place.size] as number) >>> 16));
}

const memories = new WeakMap<Metrics, Memory>();
