// The events that the server keeps in memory. There is one memory for all server blocks and processes, and it lives through reloads.
import type { Metrics } from 'ferrydns/plugin';
import type { Batch, Events } from './batch.ts';
import type { MemorySettings } from './options.ts';
import { Ring } from './ring.ts';
import { Top } from './top.ts';

export class Memory {
  /** What writes into it in this process. */
  readonly sources = new Set<Batch>();
  private kept: Ring;
  private readonly counts = new Top();
  /** Events that were lost on their way here from a worker process. */
  dropped = 0;
  private age: number;
  private users = 0;

  private constructor({ events, age }: MemorySettings) {
    this.kept = new Ring(events);
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

  /** The events up to this moment. */
  get ring(): Ring {
    this.takeAll();
    return this.kept;
  }

  /** What came most, of all that was written. */
  get top(): Top {
    this.takeAll();
    return this.counts;
  }

  take(events: Events): void {
    const { end } = this.kept;
    this.kept.take(events);
    this.counts.add(this.kept, end);
  }

  /** From now on it is as these settings say; the newest events stay. */
  resize({ events, age }: MemorySettings): void {
    this.age = age;
    if (events === this.kept.most) return;
    const ring = new Ring(events);
    ring.inherit(this.kept);
    this.kept = ring;
  }

  /** Forgets what is too old at this time, milliseconds since 1970. */
  forget(now: number): void {
    this.counts.turn(now, this.age);
    this.kept.forget(now - this.age);
  }

  /** What was written and has not come here yet. */
  private takeAll(): void {
    for (const source of this.sources) source.empty();
  }
}

const memories = new WeakMap<Metrics, Memory>();
