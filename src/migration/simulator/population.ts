// Many clients as columns of numbers: what each holds, and when it asks next. A calendar of ticks says who is due.
export const NOTHING = 0;
export const A = 1;
export const B = 2;
export type Side = typeof NOTHING | typeof A | typeof B;

/** Ticks per second. */
export const fine = 20;
/** A tick that does not come. */
export const NEVER = 2 ** 31 - 1;

const NOBODY = -1;

export interface Population {
  /** The last answer each was given, and what it uses now. */
  readonly holds: Uint8Array;
  readonly uses: Uint8Array;
  /** Tick since which a client has had no answer; -1: it has one, or does not ask. */
  readonly withoutSince: Int32Array;
  /** Clients that never ask again, or stretch TTLs. */
  readonly manner: Uint8Array;
  /** Which sides each was ever given, as bits: A is 1, B is 2. */
  readonly met: Uint8Array;
  readonly calendar: Calendar;
}

export const STRETCHES = 1;
export const FOREVER = 2;

export function population(clients: number, ticks: number): Population {
  return {
    holds: new Uint8Array(clients),
    uses: new Uint8Array(clients),
    withoutSince: new Int32Array(clients).fill(-1),
    manner: new Uint8Array(clients),
    met: new Uint8Array(clients),
    calendar: new Calendar(clients, ticks),
  };
}

/** Every client stands in at most one tick: lists threaded through one column. */
export class Calendar {
  readonly #head: Int32Array;
  readonly #next: Int32Array;

  constructor(clients: number, ticks: number) {
    this.#head = new Int32Array(ticks).fill(NOBODY);
    this.#next = new Int32Array(clients);
  }

  /** A tick past the end of the simulation is never. */
  put(client: number, tick: number): void {
    if (tick >= this.#head.length) return;
    this.#next[client] = this.#head[tick] ?? NOBODY;
    this.#head[tick] = client;
  }

  /** Calls `visit` for everybody due; who is put into this same tick meanwhile is not visited. */
  drain(tick: number, visit: (client: number) => void): void {
    let client = this.#head[tick] ?? NOBODY;
    this.#head[tick] = NOBODY;
    while (client !== NOBODY) {
      const next = this.#next[client] ?? NOBODY;
      visit(client);
      client = next;
    }
  }

  /** Whoever is chosen and due later is due at `tick`. */
  hasten(tick: number, chosen: (client: number) => boolean): void {
    for (let later = tick + 1; later < this.#head.length; later++) this.drain(later, (client) => this.put(client, chosen(client) ? tick : later));
  }
}

/** A number in [0, 1) from a seed, again and again (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
