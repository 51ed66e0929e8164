// A client of a server in another process that asks for names all the time and writes down every answer.
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { expect } from 'vitest';
import { addressesOf, ttlOf } from './migration.ts';

/** One answer. Milliseconds of the wall clock; `ttl` in seconds. */
export interface Testimony {
  readonly name: string;
  readonly sent: number;
  readonly received: number;
  readonly rcode: string;
  readonly address: string | undefined;
  readonly ttl: number;
}

/** `await using` ends it. */
export class Witness implements AsyncDisposable {
  readonly seen: Testimony[] = [];
  private readonly port: number;
  private readonly asking: readonly Promise<void>[];
  private stopped = false;

  constructor(port: number, names: readonly string[]) {
    this.port = port;
    this.asking = names.map((name) => this.askFor(name));
  }

  /** What was asked for from then on. */
  since(time: number): Testimony[] {
    return this.seen.filter(({ sent }) => sent >= time).sort((a, b) => a.sent - b.sent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped = true;
    await Promise.all(this.asking);
  }

  private async askFor(name: string): Promise<void> {
    while (!this.stopped) {
      const sent = Date.now();
      // One that is lost on a busy machine says nothing.
      const answer = await ask({ port: this.port, name, timeout: 5000 }).catch(() => undefined);
      if (answer !== undefined) {
        const [address] = addressesOf(answer);
        this.seen.push({ name, sent, received: Date.now(), rcode: answer.rcode, address, ttl: address === undefined ? 0 : ttlOf(answer) });
      }
      await delay(15);
    }
  }
}

/** An exclusive move as its clients saw it: all on one side, nobody on any, all on the other one. */
export interface Crossing {
  /** When the last answer of the old side was asked for, and the first one of the new side had come. */
  readonly lastOld: number;
  readonly firstNew: number;
  /** When the last answer of the old side is over, in the cache of whoever was given it. */
  readonly leasesEnd: number;
}

/** Holds what clients saw against the promises: none is led back, names cross together, and nobody goes without an answer before or after. */
export function judgeCrossing(seen: readonly Testimony[], isOld: (address: string) => boolean, { servers = 1 } = {}): Crossing {
  const old = seen.filter(({ address }) => address !== undefined && isOld(address));
  const led = seen.filter(({ address }) => address !== undefined && !isOld(address));
  expect(old.length, 'answers of the old side').toBeGreaterThan(0);
  expect(led.length, 'answers of the new side').toBeGreaterThan(0);
  const lastOld = Math.max(...old.map(({ sent }) => sent));
  const firstNew = Math.min(...led.map(({ received }) => received));
  expect(lastOld).toBeLessThan(firstNew);
  const unanswered = seen.filter(({ address, sent, received }) => address === undefined && (received < lastOld || sent > firstNew));
  // Several servers fall silent one after the other, and hear one after the other that the new side is open.
  if (servers === 1) expect(unanswered, 'without an answer though nothing was between the sides').toEqual([]);
  return { lastOld, firstNew, leasesEnd: Math.max(...old.map(({ received, ttl }) => received + ttl * 1000)) };
}
