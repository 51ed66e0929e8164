// A client that keeps to the TTL, and the crowd of them: each asks the DNS service that it uses for the service's own name, and moves.
import { type Answer, ask } from 'ferrydns/testing';

/** The name of the DNS service itself: its addresses are where to ask next. */
export const serviceName = 'example.domain';

/** Any other name that the service knows; what a client wants it for. */
const ordinaryName = 'www.example.domain';

/** What the clients have been told, and how they fared. */
export interface Tally {
  /** Answers by the service that gave them. */
  answers: Record<string, number>;
  /** Answers that have the address in them. */
  naming: Record<string, number>;
  /** Answers with several addresses that begin with this one. */
  first: Record<string, number>;
  /** Answers with several addresses. */
  several: number;
  /** Questions that no service answered. */
  failures: number;
}

export interface Client {
  /** Address of the DNS service that it uses. */
  service: string;
  /** Addresses that it was ever told, this one first. */
  readonly known: Set<string>;
  /** When its answer expires, in milliseconds of the crowd's clock. */
  due: number;
  /** The addresses in its answer. */
  holds: readonly string[];
  /** When its answer is over, milliseconds of the wall clock: its TTL began when it arrived. */
  until: number;
  readonly random: () => number;
  /** The address that it asks from. */
  readonly from?: string;
}

export interface CrowdOptions {
  readonly clients: number;
  readonly seed: number;
  /** Address of the service that all of them use at first. */
  readonly service: string;
  readonly port: number;
  /** Milliseconds that one second of a TTL takes here. */
  readonly second: number;
  /** Milliseconds from 0 to the first question of a client, given a random number below 1. */
  readonly phase: (random: number) => number;
  /** The address that a client asks from, so that a server can tell it from the others; the system's choice unless given. */
  readonly source?: (client: number) => string;
}

/** Questions under way at once, so that a burst does not overrun the sockets' buffers. */
const width = 64;

/**
 * Clients on a clock of their own, which runs with the real one from turn to turn but never ahead of the clients: when the machine is slow, it waits.
 * So everything that happens is fixed by the seed and by what the servers answer.
 */
export class Crowd {
  readonly clients: readonly Client[];
  tally: Tally = emptyTally();
  private readonly options: CrowdOptions;
  private readonly ends = new Map<string, number>();
  private clock = 0;

  constructor(options: CrowdOptions) {
    this.options = options;
    this.clients = Array.from({ length: options.clients }, (_, i) => {
      const random = randomNumbers(options.seed * 1_000_003 + i);
      const { service } = options;
      const from = options.source?.(i);
      return {
        service,
        known: new Set([service]),
        due: options.phase(random()),
        holds: [],
        until: 0,
        random,
        ...(from === undefined ? {} : { from }),
      };
    });
  }

  /** The share of clients that use this service. */
  share(service: string): number {
    return this.clients.filter((client) => client.service === service).length / this.clients.length;
  }

  /** How many clients hold an answer with this address that is not over. */
  holding(address: string): number {
    const now = Date.now();
    return this.clients.filter(({ holds, until }) => until > now && holds.includes(address)).length;
  }

  /** When the last of the answers that this service gave with this address was over: milliseconds of the wall clock, 0 when there was none. */
  lastUse(service: string, address: string): number {
    return this.ends.get(`${service} ${address}`) ?? 0;
  }

  /** Lets time pass up to `end` milliseconds, with every turn that is due before. */
  async runUntil(end: number): Promise<void> {
    const offset = performance.now() - this.clock;
    const turns = this.clients.filter(({ due }) => due < end).sort((a, b) => a.due - b.due);
    const underWay = new Set<Promise<void>>();
    for (const client of turns) {
      await until(client.due + offset);
      if (underWay.size >= width) await Promise.race(underWay);
      const turn = this.take(client, end).finally(() => underWay.delete(turn));
      underWay.add(turn);
    }
    await Promise.all(underWay);
    await until(end + offset);
    this.clock = end;
  }

  /** The answer has expired: asks again, and goes on with one of the addresses of the new answer. */
  private async take(client: Client, end: number): Promise<void> {
    const told = await this.resolve(client);
    if (told === undefined) {
      this.tally.failures++;
      client.due = end;
      return;
    }
    client.due += told.ttl * this.options.second;
    if (client.due < end) throw new Error(`TTL of ${told.ttl} s, expected one that outlasts the time between two looks at the clients`);
    client.service = await this.choose(client, told);
  }

  /** Asks the service in use and, when that fails, the others that the client knows. */
  private async resolve(client: Client): Promise<Told | undefined> {
    for (const service of new Set([client.service, ...client.known])) {
      const answer = await this.ask(client, service, serviceName);
      const records = answer?.reply.answers ?? [];
      const addresses = records.map(({ data }) => String(data));
      if (addresses.length === 0) continue;
      const told = { by: service, addresses, ttl: Math.min(...records.map(({ ttl }) => ttl)) };
      this.count(told);
      this.hold(client, told);
      return told;
    }
    return undefined;
  }

  /** Any of the addresses with equal chance. A client whose other questions find the new service silent stays with the one that has answered. */
  private async choose(client: Client, { by, addresses }: Told): Promise<string> {
    const picked = addresses.toSorted()[Math.floor(client.random() * addresses.length)] ?? by;
    if (picked === by) return by;
    return (await this.ask(client, picked, ordinaryName)) === undefined ? by : picked;
  }

  private hold(client: Client, { by, addresses, ttl }: Told): void {
    client.holds = addresses;
    client.until = Date.now() + ttl * this.options.second;
    for (const address of addresses) {
      client.known.add(address);
      this.ends.set(`${by} ${address}`, Math.max(this.lastUse(by, address), client.until));
    }
  }

  private count({ by, addresses }: Told): void {
    const { answers, naming, first } = this.tally;
    answers[by] = (answers[by] ?? 0) + 1;
    for (const address of addresses) naming[address] = (naming[address] ?? 0) + 1;
    const [leading = ''] = addresses;
    if (addresses.length < 2) return;
    this.tally.several++;
    first[leading] = (first[leading] ?? 0) + 1;
  }

  /** The reply, or undefined when the service is not there: its port is closed, or it keeps silent three times. */
  private async ask({ from }: Client, address: string, name: string): Promise<Answer | undefined> {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        return await ask({ address, port: this.options.port, name, timeout: 1000, ...(from === undefined ? {} : { from }) });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return undefined;
      }
    }
    return undefined;
  }
}

interface Told {
  readonly by: string;
  readonly addresses: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

export function emptyTally(): Tally {
  return { answers: {}, naming: {}, first: {}, several: 0, failures: 0 };
}

async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
}

/** Numbers from 0 to below 1 that a seed fixes: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
