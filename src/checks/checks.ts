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
  /** Whether it was found well at least once; of an agent, whether it has said anything. */
  readonly seen: boolean;
  /** What the agent said last, where the check asks one. */
  readonly report: AgentReport;
  /** Stops looking when it has no other user. */
  release(): void;
}

interface ChecksOptions {
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** A number from 0 up to 1. */
  readonly random?: () => number;
  /** How many are looked at at the same time, whatever the checks need. */
  readonly mostAtOnce?: number;
}

export interface UseOptions {
  /** It was found down by other means: it starts as down where it is not looked at yet, and is up again after `rise` successes. */
  readonly down?: boolean;
}

/** Each wait is shortened by up to this share of the interval, never lengthened: what is promised of the interval holds. */
const jitter = 0.1;
/** Milliseconds within which every service is looked at for the first time, if the interval is not shorter. */
const firstWithin = 1000;
/** How many are looked at at the same time: as many as there may be when all of them hang and some luck is missing, within these bounds. */
const atOnce = { least: 64, most: 2048, spare: 1.5 };
/** Milliseconds between two rounds at least, so that thousands of checks do not mean thousands of timers. */
const shortestWait = 20;
/** Milliseconds between two rounds at most. */
const longestWait = 60_000;

/** All checks of a process. */
export class Checks {
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly mostAtOnce: number | undefined;
  private readonly running = new Map<string, RunningCheck>();
  /** The checks by service and probe: the pace does not matter. */
  private readonly byTarget = new Map<string, RunningCheck>();
  private readonly waiting: RunningCheck[] = [];
  private probing = 0;
  /** How many are on their way at the same time when all of them hang. */
  private load = 0;
  private timer: NodeJS.Timeout | undefined;
  private wakeAt = Number.POSITIVE_INFINITY;
  private idle: PromiseWithResolvers<void> | undefined;

  constructor({ now, random = Math.random, mostAtOnce }: ChecksOptions) {
    this.now = now;
    this.random = random;
    this.mostAtOnce = mostAtOnce;
  }

  /** Services that are being looked at. */
  get size(): number {
    return this.running.size;
  }

  /** Looks at a service from now on. All who ask for the same check share one, and what is known by it. */
  use(address: string, spec: CheckSpec, observer: CheckObserver, { down = false }: UseOptions = {}): Check {
    const key = JSON.stringify([address, spec]);
    const check = this.running.get(key) ?? this.add(key, address, spec);
    if (down) check.suspect();
    check.observers.add(observer);
    if (check.nextAt < this.wakeAt) this.wake(check.nextAt);
    return {
      get up() {
        return check.health.up;
      },
      get known() {
        return check.health.known;
      },
      get seen() {
        return check.health.seen;
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
      // One that is on its way is due again when it is over.
      if (check.busy) continue;
      if (check.nextAt <= now) this.plan(check, now);
      else next = Math.min(next, check.nextAt);
    }
    this.wake(next);
    this.proceed();
    if (this.probing === 0) return Promise.resolve();
    this.idle ??= Promise.withResolvers();
    return this.idle.promise;
  }

  private add(key: string, address: string, spec: CheckSpec): RunningCheck {
    const check = new RunningCheck(address, spec, this.now() + this.random() * Math.min(spec.pace.interval, firstWithin));
    // A change of pace does not make a service unknown.
    const same = this.byTarget.get(check.target);
    if (same !== undefined) check.inherit(same);
    this.running.set(key, check);
    this.load += check.load;
    this.byTarget.set(check.target, check);
    return check;
  }

  private remove(key: string, check: RunningCheck): void {
    if (this.running.get(key) === check) {
      this.running.delete(key);
      this.load -= check.load;
    }
    if (this.byTarget.get(check.target) === check) this.byTarget.delete(check.target);
    if (this.running.size > 0) return;
    clearTimeout(this.timer);
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private plan(check: RunningCheck, now: number): void {
    check.nextAt = now + check.spec.pace.interval * (1 - jitter * this.random());
    check.busy = true;
    this.waiting.push(check);
  }

  private get limit(): number {
    return this.mostAtOnce ?? Math.min(atOnce.most, Math.max(atOnce.least, Math.ceil(this.load * atOnce.spare)));
  }

  private proceed(): void {
    while (this.probing < this.limit) {
      const check = this.waiting.shift();
      if (check === undefined) return;
      if (check.observers.size === 0) continue;
      this.probing++;
      void this.look(check);
    }
  }

  private async look(check: RunningCheck): Promise<void> {
    const { address, spec } = check;
    const finding = await probe(address, spec.probe, spec.pace.timeout);
    const now = this.now();
    check.busy = false;
    check.take(finding, now);
    this.probing--;
    if (check.observers.size > 0) this.comeAgain(check, now);
    this.proceed();
    if (this.probing > 0) return;
    this.idle?.resolve();
    this.idle = undefined;
  }

  /** A check that took as long as its interval is made again at once: who falls silent is found out as fast as who refuses. */
  private comeAgain(check: RunningCheck, now: number): void {
    if (check.nextAt <= now) this.plan(check, now);
    else if (check.nextAt < this.wakeAt) this.wake(check.nextAt);
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
  /** The share of the time that it is on its way when the service hangs; at first, when all checks are made in the same second. */
  readonly load: number;
  nextAt: number;
  busy = false;

  constructor(address: string, spec: CheckSpec, nextAt: number) {
    this.address = address;
    this.spec = spec;
    this.target = JSON.stringify([address, spec.probe]);
    this.load = Math.min(1, spec.pace.timeout / Math.min(spec.pace.interval, firstWithin));
    this.nextAt = nextAt;
  }

  /** Tells those that count it as up already. */
  suspect(): void {
    if (!this.health.suspect()) return;
    for (const observer of [...this.observers]) observer.changed({ ok: false, text: 'it was down before the checks were changed' });
  }

  inherit(other: RunningCheck): void {
    this.health.inherit(other.health);
    this.report = other.report;
  }

  take(finding: Finding, now: number): void {
    const first = finding.ok && !this.health.seen;
    const changed = this.health.record(finding.ok, this.spec.pace, now);
    const spoken = this.spec.probe.kind === 'agent' && (this.listen(finding) || first);
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
