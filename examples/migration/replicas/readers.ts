// The readers of the replicas: each asks from an address of its own, again and again, and remembers what it was told.
import { ask } from 'ferrydns/testing';

/** One answer to one reader. */
export interface Told {
  readonly address: string;
  readonly side: 'old' | 'new';
  /** Milliseconds of the wall clock: when the answer came, and when its TTL was over. */
  readonly at: number;
  readonly until: number;
}

/** Milliseconds between two questions of a reader, who does not wait for the end of a TTL, to see every change. */
const pace = 200;

export class Readers {
  /** What each reader was told, in order. */
  readonly told: readonly Told[][];
  /** Questions that were not answered with one replica. */
  failures = 0;
  private stopped = false;
  private readonly running: readonly Promise<void>[];

  constructor(count: number, port: number) {
    this.told = Array.from({ length: count }, () => []);
    this.running = this.told.map((told, i) => this.run(told, { from: `127.0.3.${i + 1}`, port }));
  }

  /** Resolves when everybody has asked and been answered so many times from now on. */
  async round(times = 2): Promise<void> {
    const before = this.told.map((told) => told.length);
    while (this.told.some((told, i) => told.length < (before[i] ?? 0) + times) && !this.stopped) await pause(20);
  }

  /** The readers whose last answer leads to the new replicas. */
  onNew(): number[] {
    return this.told.flatMap((told, i) => (told.at(-1)?.side === 'new' ? [i] : []));
  }

  /** The replica that each reader was told last. */
  places(): string[] {
    return this.told.map((told) => told.at(-1)?.address ?? '');
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
  }

  private async run(told: Told[], asker: { readonly from: string; readonly port: number }): Promise<void> {
    while (!this.stopped) {
      const answer = await ask({ ...asker, name: 'replicas.example.org', timeout: 2000 }).catch(() => undefined);
      const [record, ...more] = answer?.reply.answers ?? [];
      if (record === undefined || more.length > 0) this.failures++;
      else {
        const address = String(record.data);
        const at = Date.now();
        told.push({ address, side: address.startsWith('127.0.2.3') ? 'old' : 'new', at, until: at + record.ttl * 1000 });
      }
      await pause(pace);
    }
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
