// `ferrydns migrate watch`: follows plans over the stream of events, live in a terminal or line by line.

import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../config/error.ts';
import type { PlanStatus } from '../plans/plan-status.ts';
import { type AdminClient, Refusal } from './admin-client.ts';
import { changeLine, isOver, printStatuses } from './migrate-status.ts';

/** Milliseconds between two lines that differ in nothing but the number of clients. */
const clientsPace = 10_000;

/** Where it is shown. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: 'error', listener: () => void): unknown;
}

export interface WatchOptions {
  readonly client: AdminClient;
  /** Undefined: every plan. */
  readonly plan: string | undefined;
  readonly json: boolean;
  readonly screen: Screen;
  /** Ends the watching. */
  readonly signal: AbortSignal;
  /** Milliseconds between two attempts to reach a server that was there before. */
  readonly retry?: number;
}

/** Resolves when every plan is done, or the signal aborts. Rejects when the server refuses, or was never there. */
export async function watch(options: WatchOptions): Promise<void> {
  const { json, screen, signal, retry = 1000 } = options;
  const show = json ? new JsonLines(screen) : screen.isTTY === true ? new Picture(screen) : new Lines(screen);
  try {
    while (!(await attempt(options, show))) await pause(retry, undefined, { signal }).catch(() => undefined);
  } finally {
    show.end();
  }
}

/** True when the watching is over, false when it is worth another attempt. */
async function attempt(options: WatchOptions, show: Show): Promise<boolean> {
  const { signal } = options;
  if (signal.aborted) return true;
  try {
    return await follow(options, show);
  } catch (error) {
    if (signal.aborted) return true;
    if (error instanceof Refusal || !show.begun) throw error;
    show.lost(messageOf(error));
    return false;
  }
}

/** True when there is nothing more to see, false when the stream has ended before. */
async function follow({ client, plan, signal }: WatchOptions, show: Show): Promise<boolean> {
  const path = plan === undefined ? '/migrations' : `/migrations/${encodeURIComponent(plan)}`;
  const found = await client.get(path);
  const plans = new Map((plan === undefined ? (found as PlanStatus[]) : [found as PlanStatus]).map((status) => [status.plan, status]));
  const over = () => [...plans.values()].every(isOver);
  for (const status of plans.values()) show.show(status, plans);
  if (over()) return true;
  for await (const event of client.events(`${path}/events`, signal)) {
    const status = event as PlanStatus;
    plans.set(status.plan, status);
    show.show(status, plans);
    if (over()) return true;
  }
  return false;
}

interface Show {
  /** Whether anything has been shown. */
  readonly begun: boolean;
  show(status: PlanStatus, all: ReadonlyMap<string, PlanStatus>): void;
  lost(reason: string): void;
  end(): void;
}

/** For programs: a status a line. */
class JsonLines implements Show {
  begun = false;
  private readonly screen: Screen;
  private readonly said = new Map<string, string>();

  constructor(screen: Screen) {
    this.screen = screen;
  }

  show(status: PlanStatus): void {
    this.begun = true;
    const news = JSON.stringify({ ...status, now: '' });
    if (this.said.get(status.plan) === news) return;
    this.said.set(status.plan, news);
    this.screen.write(`${JSON.stringify(status)}\n`);
  }

  lost(): void {}
  end(): void {}
}

/** For a file or a pipe: a line for each change, and now and then one about the clients. */
class Lines implements Show {
  begun = false;
  private readonly screen: Screen;
  private readonly said = new Map<string, { readonly happened: string; readonly clients: string; readonly at: number }>();
  private problem = '';

  constructor(screen: Screen) {
    this.screen = screen;
  }

  show(status: PlanStatus): void {
    this.begun = true;
    this.problem = '';
    const { happened, clients } = changeLine(status);
    const before = this.said.get(status.plan);
    const at = performance.now();
    if (before?.happened === happened && (before.clients === clients || at - before.at < clientsPace)) return;
    this.said.set(status.plan, { happened, clients, at });
    // Times in it are those of the server.
    this.say(status.now, `${happened}; ${clients}`);
  }

  lost(reason: string): void {
    if (this.problem !== reason) this.say(new Date().toISOString(), `the server is not heard: ${reason}`);
    this.problem = reason;
  }

  end(): void {}

  private say(time: string, text: string): void {
    this.screen.write(`${time} ${text}\n`);
  }
}

/** For people: the same lines of the terminal, drawn again with each change and each second. */
class Picture implements Show {
  private readonly screen: Screen;
  private readonly most = new Map<string, { readonly from: number; readonly to: number }>();
  private plans: ReadonlyMap<string, PlanStatus> = new Map();
  /** When each plan was told of, by the monotonic clock. */
  private readonly told = new Map<string, number>();
  private drawn = 0;
  private problem = '';
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(screen: Screen) {
    this.screen = screen;
  }

  get begun(): boolean {
    return this.timer !== undefined;
  }

  show({ plan, leases }: PlanStatus, all: ReadonlyMap<string, PlanStatus>): void {
    const before = this.most.get(plan) ?? { from: 0, to: 0 };
    this.most.set(plan, { from: Math.max(before.from, leases.from), to: Math.max(before.to, leases.to) });
    this.plans = all;
    for (const { plan: each } of all.values()) if (each === plan || !this.told.has(each)) this.told.set(each, performance.now());
    this.problem = '';
    this.timer ??= setInterval(() => this.draw(), 1000);
    this.draw();
  }

  lost(reason: string): void {
    this.problem = `the server is not heard: ${reason}`;
    this.draw();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private draw(): void {
    // A terminal that does not know its size says 0.
    const columns = this.screen.columns || 80;
    const rows = this.screen.rows || 24;
    const text = printStatuses([...this.plans.values()], { passed: (plan) => performance.now() - (this.told.get(plan) ?? 0), most: this.most });
    const lines = [...text.split('\n'), ...(this.problem === '' ? [] : ['', this.problem])];
    // A line that is wrapped, or one that has left the screen, could not be drawn again.
    const fitting = lines.slice(0, Math.max(1, rows - 1)).map((line) => line.slice(0, Math.max(1, columns - 1)));
    const back = this.drawn === 0 ? '' : `\x1b[${this.drawn}A\x1b[0J`;
    this.screen.write(`${back}${fitting.join('\n')}\n`);
    this.drawn = fitting.length;
  }
}
