// An application beside its JVM, which keeps every address for as long as it likes, whatever the TTL; and a watcher that keeps nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from 'ferrydns/testing';
import { type DatabaseName, names, type Side, sideOf } from './places.ts';
import { talk } from './talk.ts';

/** An answer of the resolver. Times are milliseconds of the wall clock. */
export interface Told {
  readonly name: DatabaseName;
  /** Undefined: it could not say. */
  readonly side: Side | undefined;
  readonly address: string;
  readonly asked: number;
  readonly given: number;
}

/** An attempt to write to the primary, or to read from the replica. */
export interface Use {
  readonly name: DatabaseName;
  readonly side: Side;
  readonly at: number;
  /** `refused`: the database is there but shut; `gone`: nobody is there. */
  readonly outcome: 'done' | 'refused' | 'gone';
  readonly ended: number;
}

export interface Resolver {
  readonly address: string;
  readonly port: number;
  /** Milliseconds after which an answer is too late to be taken. */
  readonly patience: number;
}

export interface ApplicationOptions {
  readonly name: string;
  readonly resolver: Resolver;
  /** The port of all databases. */
  readonly port: number;
  /** Seconds that an address is kept. */
  readonly keep: number;
  /** Seconds that a failure is kept. */
  readonly keepFailure: number;
  /** Milliseconds between two uses of the databases. */
  readonly pace: number;
}

export class Application {
  readonly name: string;
  readonly told: Told[] = [];
  readonly uses: Use[] = [];
  private readonly options: ApplicationOptions;
  private readonly kept = new Map<DatabaseName, Told & { readonly until: number }>();
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(options: ApplicationOptions) {
    this.name = options.name;
    this.options = options;
  }

  /** Whether it keeps to what `caches` of the plan says. */
  get honest(): boolean {
    return Number.isFinite(this.options.keep);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /** Whether both names were asked for at this time or later, and answered. */
  hasAskedSince(time: number): boolean {
    return names.every((name) => this.told.some((each) => each.name === name && each.side !== undefined && each.asked >= time));
  }

  /** Whether both databases have served it. */
  get works(): boolean {
    return names.every((name) => this.uses.some((use) => use.name === name && use.outcome === 'done'));
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    // Applications are not started all at once.
    await pause(Math.random() * this.options.pace, signal);
    while (!signal.aborted) {
      for (const name of names) await this.use(name);
      await pause(this.options.pace, signal);
    }
  }

  private async use(name: DatabaseName): Promise<void> {
    const { address, side } = await this.lookUp(name);
    if (side === undefined) return;
    const at = Date.now();
    const answer = await talk({ address, port: this.options.port, line: `use ${this.name}` }).catch(() => 'gone');
    this.uses.push({ name, side, at, outcome: answer === 'done' || answer === 'refused' ? answer : 'gone', ended: Date.now() });
  }

  private async lookUp(name: DatabaseName): Promise<Told> {
    const known = this.kept.get(name);
    if (known !== undefined && Date.now() < known.until) return known;
    const told = await resolve(this.options.resolver, name);
    this.told.push(told);
    const { keep, keepFailure } = this.options;
    this.kept.set(name, { ...told, until: told.given + 1000 * (told.side === undefined ? keepFailure : keep) });
    return told;
  }
}

/** Asks for both names at once, again and again, and keeps nothing. */
export class Watcher {
  /** Each look: what was answered for each of the names. */
  readonly looks: (readonly Told[])[] = [];
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();

  /** `pace` is milliseconds. */
  start(resolver: Resolver, pace: number): void {
    this.running = this.run(resolver, pace);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(resolver: Resolver, pace: number): Promise<void> {
    while (!this.stopped.signal.aborted) {
      this.looks.push(await Promise.all(names.map((name) => resolve(resolver, name))));
      await pause(pace, this.stopped.signal);
    }
  }
}

async function resolve({ address, port, patience }: Resolver, name: DatabaseName): Promise<Told> {
  const asked = Date.now();
  const answer = await ask({ address, port, name, timeout: patience }).catch(() => undefined);
  const given = Date.now();
  const found = answer?.reply.answers.find(({ type }) => type === 'A');
  if (found === undefined || given - asked > patience) return { name, side: undefined, address: '', asked, given };
  return { name, side: sideOf(String(found.data)), address: String(found.data), asked, given };
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
