// Looks at services again and again: each once however many ask, a bounded number at a time, spread over time, on through reloads.
import type { Metrics } from '../metrics/metrics.ts';
import { type AgentReport, hear, sameReport, silentAgent } from './agent.ts';
import { Health, type Pace } from './health.ts';
import { type Finding, type Probe, probe } from './probe.ts';

/** What to look at, and how often. */
export interface CheckSpec {
  readonly probe: Probe;
  readonly pace: Pace;
}

/** Who wants to know of a service. */
export interface CheckObserver {
  /** The service was looked at. */
  looked?(finding: Finding): void;
  /** It is down or up from now on, or its agent says something new. */
  changed(finding: Finding): void;
}

/** A check as one of its users sees it. */
export interface Check {
  /** True until it is proved false. */
  readonly up: boolean;
  /** Whether the service has been looked at yet. */
  readonly known: boolean;
  /** What the agent said last, where the check asks one. */
  readonly report: AgentReport;
  /** Stops looking when nobody else uses it. */
  release(): void;
}

interface ChecksOptions {
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
  /** How many are looked at at the same time. */
  readonly mostAtOnce?: number;
}

/** Each wait is shortened by up to this share of the interval, never lengthened: what is promised of the interval holds. */
const jitter = 0.1;
/** Milliseconds within which every service is looked at for the first time, if the interval is not shorter. */
const firstWithin = 1000;
/** Milliseconds between two rounds at least, so that thousands of checks do not mean thousands of timers. */
const shortestWait = 20;
/** Milliseconds between two rounds at most. */
const longestWait = 60_000;

/** All checks of a process. */
export class Checks {
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly mostAtOnce: number;
  private readonly running = new Map<string, RunningCheck>();
  /** By what they look at, whatever their pace. */
  private readonly byTarget = new Map<string, RunningCheck>();
  private readonly waiting: RunningCheck[] = [];
  private probing = 0;
  private timer: NodeJS.Timeout | undefined;
  private wakeAt = Number.POSITIVE_INFINITY;
  private idle: (() => void)[] = [];

  constructor({ now, random = Math.random, mostAtOnce = 64 }: ChecksOptions) {
    this.now = now;
    this.random = random;
    this.mostAtOnce = mostAtOnce;
  }

  /** Services that are being looked at. */
  get size(): number {
    return this.running.size;
  }

  /** Looks at a service from now on. Whoever asks for the same thing shares what is known of it. */
  use(address: string, spec: CheckSpec, observer: CheckObserver): Check {
    const key = JSON.stringify([address, spec]);
    const check = this.running.get(key) ?? this.add(key, address, spec);
    check.observers.add(observer);
    if (check.nextAt < this.wakeAt) this.wake(check.nextAt);
    return {
      get up() {
        return check.health.up;
      },
      get known() {
        return check.health.known;
      },
      get report() {
        return check.report;
      },
      release: () => {
        check.observers.delete(observer);
        if (check.observers.size === 0) this.remove(key, check);
      },
    };
  }

  /** Looks at every service whose time has come. Resolves when nothing is being looked at any more. */
  tick(): Promise<void> {
    const now = this.now();
    let next = Number.POSITIVE_INFINITY;
    for (const check of this.running.values()) {
      if (check.nextAt <= now) this.plan(check, now);
      next = Math.min(next, check.nextAt);
    }
    this.wake(next);
    this.proceed();
    if (this.probing === 0) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private add(key: string, address: string, spec: CheckSpec): RunningCheck {
    const check = new RunningCheck(address, spec, this.now() + this.random() * Math.min(spec.pace.interval, firstWithin));
    // A change of pace does not make a service unknown.
    const same = this.byTarget.get(check.target);
    if (same !== undefined) check.inherit(same);
    this.running.set(key, check);
    this.byTarget.set(check.target, check);
    return check;
  }

  private remove(key: string, check: RunningCheck): void {
    if (this.running.get(key) === check) this.running.delete(key);
    if (this.byTarget.get(check.target) === check) this.byTarget.delete(check.target);
    if (this.running.size > 0) return;
    clearTimeout(this.timer);
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  /** A check that is still on its way is not started again. */
  private plan(check: RunningCheck, now: number): void {
    check.nextAt = now + check.spec.pace.interval * (1 - jitter * this.random());
    if (check.busy) return;
    check.busy = true;
    this.waiting.push(check);
  }

  private proceed(): void {
    while (this.probing < this.mostAtOnce) {
      const check = this.waiting.shift();
      if (check === undefined) return;
      this.probing++;
      void this.look(check);
    }
  }

  private async look(check: RunningCheck): Promise<void> {
    const { address, spec } = check;
    const finding = await probe(address, spec.probe, spec.pace.timeout);
    check.busy = false;
    check.take(finding, this.now());
    this.probing--;
    this.proceed();
    if (this.probing > 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private wake(at: number): void {
    clearTimeout(this.timer);
    this.wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(longestWait, Math.max(shortestWait, at - this.now()));
    this.timer = setTimeout(() => void this.tick(), wait).unref();
  }
}

class RunningCheck {
  readonly address: string;
  readonly spec: CheckSpec;
  readonly target: string;
  readonly observers = new Set<CheckObserver>();
  readonly health = new Health();
  report: AgentReport = silentAgent;
  nextAt: number;
  busy = false;

  constructor(address: string, spec: CheckSpec, nextAt: number) {
    this.address = address;
    this.spec = spec;
    this.target = JSON.stringify([address, spec.probe]);
    this.nextAt = nextAt;
  }

  inherit(other: RunningCheck): void {
    this.health.inherit(other.health);
    this.report = other.report;
  }

  take(finding: Finding, now: number): void {
    const changed = this.health.record(finding.ok, this.spec.pace, now);
    const spoken = this.spec.probe.kind === 'agent' && this.listen(finding);
    for (const observer of [...this.observers]) {
      observer.looked?.(finding);
      if (changed || spoken) observer.changed(finding);
    }
  }

  /** An agent that cannot be reached says nothing, so what it said last stands. */
  private listen({ ok, text }: Finding): boolean {
    if (!ok) return false;
    const report = hear(this.report, text);
    if (sameReport(report, this.report)) return false;
    this.report = report;
    return true;
  }
}

const byProcess = new WeakMap<Metrics, Checks>();

/** The checks that all plugins of a process share; a process is known by its metrics. They go on through reloads as long as somebody uses them. */
export function sharedChecks({ metrics, now }: { readonly metrics: Metrics; readonly now: () => number }): Checks {
  const known = byProcess.get(metrics);
  if (known !== undefined) return known;
  const checks = new Checks({ now });
  byProcess.set(metrics, checks);
  return checks;
}
