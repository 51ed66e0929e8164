// The story of a DNS service that is moved by a plan: two servers, an operator, a crowd of clients, and the servers' own account of them.
import { ask } from 'ferrydns/testing';
import { Crowd, serviceName } from '../client.ts';
import { type Look, live, type Stage, type StoryResult } from '../life.ts';
import { addressOfA, addressOfB, type Pair, withPair } from '../pair.ts';
import { Operator, type Status } from './operator.ts';

export interface PlanStoryOptions {
  readonly clients: number;
  readonly seed: number;
  /** The server program and its first words. */
  readonly command: readonly string[];
  /** TTLs that the clients spend in the transition before it ends, one way or the other. */
  readonly transition: number;
  readonly ending: Ending;
  /** Called with each look at the clients, and what the servers say of them. */
  readonly report?: (look: Look, account: Account) => void;
}

/**
 * How the story goes on: A is left, and B is killed before that (`again`: TTLs in the transition after it has come back) or while A is being left;
 * or the operator goes back to A, and B is left.
 */
export type Ending = { readonly kind: 'move'; readonly again: number } | { readonly kind: 'late' } | { readonly kind: 'rollback' };

/** One thing of DNS A, and the same of DNS B. */
interface BothSides<T> {
  readonly a: T;
  readonly b: T;
}

/** What the servers know of the side that is left in the end, beside the truth. */
export interface Account {
  readonly stage: string;
  /** The phase of each server that runs. */
  readonly phases: BothSides<string | undefined>;
  /** Clients that may hold an answer with that side, as the servers count them together. */
  readonly ledger: number;
  /** Clients that do. */
  readonly holding: number;
  /** When that side may be switched off, as each server says; milliseconds of the wall clock, null while it does not know or does not run. */
  readonly told: BothSides<number | null>;
}

export interface PlanStoryResult extends StoryResult {
  /** The address that is left in the end. */
  readonly left: string;
  readonly accounts: readonly Account[];
  /** The one of the moment at which the server at that address was switched off. */
  readonly last: Account;
  /** When the last answer with that address was over, by the server that gave it; milliseconds of the wall clock, 0: there was none. */
  readonly lastUse: BothSides<number>;
  /** When the server at that address was switched off. */
  readonly switchedOff: number;
  /** The longest time that an answer had to live when the transition began, milliseconds. */
  readonly oldest: number;
}

/** Seconds, as the Corefiles say: before the move, and while moving. */
export const ttls = { steady: 2, moving: 1 };

/** Milliseconds. The servers' account is in real time, so nothing is scaled. */
const second = 1000;

const files = { a: new URL('./dns-a.Corefile', import.meta.url), b: new URL('./dns-b.Corefile', import.meta.url) };

/** Tells the story once. Every server that it started has ended when it resolves or rejects. */
export function tell(options: PlanStoryOptions): Promise<PlanStoryResult> {
  const surroundings = (port: number, home: string) => ({ home, environment: { DNS_PORT: `${port}`, ADMIN_PORT: '0' } });
  return withPair({ command: options.command, surroundings }, (pair) => new PlanStory(pair, options).tell());
}

/** Each client has an address of its own, or the servers would take all of them for one. */
function addressOf(client: number): string {
  return `127.1.${1 + Math.floor(client / 250)}.${1 + (client % 250)}`;
}

class PlanStory {
  private readonly pair: Pair;
  private readonly options: PlanStoryOptions;
  private readonly a: Operator;
  private readonly b: Operator;
  private readonly crowd: Crowd;
  private readonly accounts: Account[] = [];
  private last: Account | undefined;
  private oldest = 0;
  private switchedOff = 0;

  constructor(pair: Pair, options: PlanStoryOptions) {
    this.pair = pair;
    this.options = options;
    this.a = new Operator(pair.a);
    this.b = new Operator(pair.b);
    const { clients, seed } = options;
    const phase = (random: number) => random * ttls.steady * second;
    this.crowd = new Crowd({ clients, seed, service: addressOfA, port: pair.port, second, phase, source: addressOf });
  }

  async tell(): Promise<PlanStoryResult> {
    const { a, b, crowd } = this;
    await Promise.all([a.service.start(files.a), b.service.start(files.b)]);
    // DNS B is ready before anybody is told of it.
    await this.untilWell();
    await b.order('start');
    const stages = [...this.beginning(), ...this.ending()];
    const report = async (look: Look) => {
      const account = await this.account(look.stage);
      this.accounts.push(account);
      this.options.report?.(look, account);
    };
    const lived = await live(stages, { crowd, service: addressOfA, ttl: ttls.moving * second, phases: 'spread', report });
    const end = await ask({ address: this.kept, port: this.pair.port, name: serviceName });
    const { left, accounts, last, oldest, switchedOff } = this;
    if (last === undefined) throw new Error('no server was switched off');
    const lastUse = { a: crowd.lastUse(addressOfA, left), b: crowd.lastUse(addressOfB, left) };
    return { ttl: ttls.moving, ...lived, end: end.answers, left, accounts, last, oldest, switchedOff, lastUse };
  }

  private beginning(): Stage[] {
    const { a, b, crowd } = this;
    return [
      { name: 'original', course: 'stay', length: ttls.steady, begin: async () => {} },
      {
        name: 'lowering',
        course: 'stay',
        length: 1,
        begin: () => a.order('start'),
        over: async () => (await this.statuses()).every(({ wait }) => wait === null),
      },
      {
        name: 'transition',
        course: 'halve',
        length: this.options.transition,
        begin: async () => {
          this.oldest = Math.max(...crowd.clients.map(({ until }) => until)) - Date.now();
          await b.order('advance');
          await a.order('advance');
        },
      },
    ];
  }

  private ending(): Stage[] {
    const { ending } = this.options;
    if (ending.kind === 'rollback') return this.rollback();
    return ending.kind === 'move' ? this.move(ending.again) : this.lateFall();
  }

  private move(again: number): Stage[] {
    const { a, b } = this;
    const leave = async () => {
      await a.order('advance');
      await b.order('advance');
    };
    return [
      this.fall(),
      { name: 'A alone', course: 'stay', length: 1, begin: async () => {} },
      { name: 'B is back', course: 'halve', length: again, begin: () => this.raise() },
      { name: 'draining', course: 'leave', length: 1, begin: leave, over: () => this.done() },
      { name: 'A is off', course: 'stay', length: 1, begin: () => this.switchOff(a) },
    ];
  }

  private lateFall(): Stage[] {
    const { a, b } = this;
    const goOn = async () => {
      await this.raise();
      await b.order('advance');
    };
    return [
      { name: 'draining', course: 'leave', length: 1, begin: () => a.order('advance') },
      this.fall(),
      { name: 'draining again', course: 'leave', length: 1, begin: goOn, over: () => this.done() },
      { name: 'A is off', course: 'stay', length: 1, begin: () => this.switchOff(a) },
    ];
  }

  private rollback(): Stage[] {
    const { a, b } = this;
    return [
      {
        name: 'going back',
        course: 'return',
        length: 1,
        begin: async () => {
          await a.order('rollback');
          await b.order('rollback');
        },
        over: async () => {
          const time = promised(await this.account('going back'));
          return time !== null && time <= Date.now();
        },
      },
      { name: 'B is off', course: 'stay', length: ttls.steady, begin: () => this.switchOff(b) },
    ];
  }

  /** B is killed, and its clients come back to A. */
  private fall(): Stage {
    const noticed = async () => (await this.a.status()).health.to === 'unhealthy';
    return { name: 'B is down', course: 'return', length: 2, begin: () => this.b.service.kill(), over: noticed };
  }

  private async raise(): Promise<void> {
    await this.b.service.start(files.b);
    await this.untilWell();
  }

  private async done(): Promise<boolean> {
    return (await this.statuses()).every(({ phase }) => phase === 'done');
  }

  private async switchOff({ service }: Operator): Promise<void> {
    this.switchedOff = Date.now();
    this.last = await this.account('the end');
    await service.stop();
  }

  private async untilWell(): Promise<void> {
    for (const operator of [this.a, this.b]) await operator.until('well', ({ health }) => health.to === 'healthy');
  }

  private get left(): string {
    return this.options.ending.kind === 'rollback' ? addressOfB : addressOfA;
  }

  private get kept(): string {
    return this.left === addressOfA ? addressOfB : addressOfA;
  }

  private statuses(): Promise<Status[]> {
    return Promise.all([this.a, this.b].map((operator) => operator.status()));
  }

  /** The truth is looked up after the servers were asked: a lease that they have seen end has ended. */
  private async account(stage: string): Promise<Account> {
    const [a, b] = await Promise.all([this.a, this.b].map((operator) => (operator.service.running ? operator.status() : undefined)));
    const running = [a, b].filter((status) => status !== undefined);
    const [side, promise] = this.left === addressOfA ? (['from', 'a_may_be_switched_off'] as const) : (['to', 'b_may_be_switched_off'] as const);
    const told = (status: Status | undefined) => time(status?.horizon[promise]);
    return {
      stage,
      phases: { a: a?.phase, b: b?.phase },
      ledger: running.reduce((sum, { leases }) => sum + leases[side], 0),
      holding: this.crowd.holding(this.left),
      told: { a: told(a), b: told(b) },
    };
  }
}

/** When the side may be switched off: when both servers say so. Null while one of them does not. */
export function promised({ told: { a, b } }: Account): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function time(text: string | null | undefined): number | null {
  return text == null ? null : Date.parse(text);
}
