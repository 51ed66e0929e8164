// A server with a plan on a clock that the test owns, and an operator who asks it over HTTP.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServeOptions, serve, type TestServer } from 'ferrydns/testing';
import { vi } from 'vitest';
import { soon } from './soon.ts';

/** What a status says, as far as tests read it. */
export interface Status {
  readonly plan: string;
  readonly epoch: number;
  readonly phase: string | null;
  readonly step: number;
  readonly paused: boolean;
  readonly damage: string | null;
  readonly since: string | null;
  readonly flip: { readonly at: string; readonly committed: boolean } | null;
  readonly fence: { readonly state: string; readonly attempt: number; readonly may_have_run: boolean; readonly output: string | null } | null;
  readonly wait: { readonly why: string; readonly until: string | null } | null;
  readonly horizon: {
    readonly a_may_be_switched_off: string | null;
    readonly b_may_be_switched_off: string | null;
    readonly missing: readonly string[];
  };
  readonly orders: readonly {
    readonly verb: string;
    readonly replica: string | null;
    readonly refusal: string | null;
    readonly unless: string | null;
  }[];
  readonly leases: { readonly from: number; readonly to: number; readonly cut: boolean; readonly pinned: readonly { readonly client: string }[] };
  readonly gates: readonly { readonly gate: string; readonly holds: boolean | null; readonly reason: string | null }[];
  readonly health: { readonly from: string; readonly to: string };
  readonly upstream: {
    readonly now: { readonly shows: string; readonly ttl: number } | null;
    readonly before: { readonly ttl: number; readonly mixed: boolean } | null;
  };
  readonly without_plan: readonly { readonly server: string; readonly zone: string; readonly place: string }[];
  readonly changed: { readonly why: string; readonly by: string } | null;
  readonly alarms: readonly { readonly about: string; readonly text: string }[];
}

/** What the status says of an order of this kind. */
export function orderIn({ orders }: Pick<Status, 'orders'>, verb: string): Status['orders'][number] | undefined {
  return orders.find((order) => order.verb === verb);
}

const admin = '127.0.0.1:0';

/** Time stands still but when the test lets it pass; sockets go on working. To be undone by `vi.useRealTimers`. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.parse('2026-06-01T12:00:00Z') });
}

/** A server whose clock is the one that {@link stopTime} stopped. `admin 127.0.0.1:0` belongs into each plan. */
export async function servePlan(corefile: string, options: ServeOptions = {}): Promise<PlanServer> {
  return new PlanServer(await serve(corefile, { now: () => Date.now(), ...options }));
}

export class PlanServer implements AsyncDisposable {
  readonly running: TestServer;

  constructor(running: TestServer) {
    this.running = running;
  }

  ask: TestServer['ask'] = (name, type, options) => this.running.ask(name, type, options);

  get url(): string {
    return `http://127.0.0.1:${this.running.server.httpPort(admin)}/migrations`;
  }

  async status(plan: string): Promise<Status> {
    return (await (await fetch(`${this.url}/${plan}`)).json()) as Status;
  }

  /** Asks for a change; resolves to undefined when it is done, to the reason when it is refused. */
  async order(plan: string, verb: string, epoch = 1, more: object = {}): Promise<string | undefined> {
    const response = await fetch(`${this.url}/${plan}/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ epoch, by: 'ann', ...more }),
    });
    const { ok, reason } = (await response.json()) as { readonly ok: boolean; readonly reason: string };
    return ok ? undefined : reason;
  }

  /** Lets time pass in steps until the next phase or step may begin, and begins it. */
  async advance(plan: string, epoch = 1): Promise<void> {
    let reason: string | undefined = '';
    for (const late = deadline(); !late(); await this.pass(plan, 200)) {
      reason = await this.order(plan, 'advance', epoch);
      if (reason === undefined) return;
    }
    throw new Error(`${plan} cannot be advanced: ${reason}`);
  }

  /** Lets time pass in steps until the plan is in this phase; a plan that never gets there is an error. */
  async until(plan: string, phase: string, each: () => unknown = () => {}): Promise<Status> {
    for (const late = deadline(); !late(); ) {
      const status = await this.status(plan);
      if (status.phase === phase) return status;
      await each();
      await elapse(100);
    }
    throw new Error(`${plan} is in ${(await this.status(plan)).phase}, expected ${phase}`);
  }

  /** Lets time pass in steps until the status is as wanted: what servers write to disk comes when it comes. */
  async when(plan: string, wanted: (status: Status) => boolean, each: () => unknown = () => {}): Promise<Status> {
    for (const late = deadline(); !late(); await this.pass(plan, 100, each)) {
      const status = await this.status(plan);
      if (wanted(status)) return status;
    }
    throw new Error(`${plan} is not as wanted: ${JSON.stringify(await this.status(plan))}`);
  }

  /** Lets time pass in steps. */
  async pass(plan: string, milliseconds: number, each: () => unknown = () => {}): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      await each();
      await elapse(100);
      await this.status(plan);
    }
  }

  /** The journal as lines. */
  journal(plan: string): string[] {
    const file = join(this.running.directory, 'ferrydns-migrations', `${plan}.journal`);
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop();
  }
}

/** Lets time pass. What a server then writes to disk is written: a disk that is slow does not fall behind a clock that the test owns. */
export async function elapse(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  do await new Promise((resolve) => setImmediate(resolve));
  while (process.getActiveResourcesInfo().includes('FSReqPromise'));
}

/** Tells when a wait has taken too long: asked at each look, it says so after many looks and a long time, by a clock that goes on. */
export function deadline(): () => boolean {
  const end = performance.now() + soon.timeout;
  let looks = 0;
  return () => ++looks > 1000 && performance.now() > end;
}

/** The addresses of an answer, in its order. */
export function addressesOf({ answers }: { readonly answers: readonly string[] }): string[] {
  return answers.map((line) => line.split(' ').at(-1) ?? '');
}

/** The TTL of its first record. */
export function ttlOf({ answers }: { readonly answers: readonly string[] }): number {
  return Number(answers[0]?.split(' ')[1]);
}
