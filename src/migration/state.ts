// What one replica knows about one plan, what can happen to it, and what it wants done: the words of the engine.
import type { Agreement, Leases, Progress, View } from './agreement.ts';
import type { Drawn } from './draws.ts';
import { isTargetChecked, type Plan, type Timing } from './plan.ts';

/** What the world shows at the moment of an event. */
export interface Moment {
  /** Milliseconds of the wall clock, and of a clock that never goes back. */
  readonly wall: number;
  readonly mono: number;
  /** The ends of the latest leases this process has handed out (`leases.ts`), by the clock that never goes back; 0: none. */
  readonly leased: Leases;
}

/** What a replica knows of the time (`clock.ts`). */
export interface Clock {
  /** A time of the plan, and what the monotonic clock said then. */
  readonly wall: number;
  readonly mono: number;
  /** By how much the wall clock was ahead of the monotonic one when both were looked at last. */
  readonly offset: number;
  /** How far the wall clock has gone ahead of the time of the plan: set forward, or the machine has slept. Which of the two it was cannot be known. */
  readonly ahead: number;
  /** All of these steps since the process began, whatever was taken back later. */
  readonly slept: number;
  /** A step that the journal or the store does not know of yet: how far, forward above 0. */
  readonly untold: number;
  /** The latest time that an earlier run has written, as long as the wall clock is behind it; null: it is not. */
  readonly behind: number | null;
}

/** What an earlier run has written. `at` is the wall clock at its last statement, `latest` at whatever it wrote last; 0: nothing is known. */
export interface Written {
  readonly at: number;
  readonly latest: number;
}

/** A value of the store with the number of its version; versions only grow. */
export interface Versioned {
  readonly version: number;
  readonly agreement: Agreement | null;
}

/** What an operator may ask for. `epoch` is the one the operator saw. By `refuse` a replica settles an order that cannot be carried out. */
export interface Command {
  readonly verb: 'start' | 'advance' | 'pause' | 'resume' | 'rollback' | 'forget' | 'refuse';
  readonly id: string;
  readonly epoch: number;
  readonly by: string;
  /** The replica to forget. */
  readonly replica?: string;
  /** Release although the upstream was not seen to be clean; never in exclusive mode while it shows A. */
  readonly force?: boolean;
  /** The attempt of the fence after which the operator has seen that A is open: a rollback goes back though it may have run. */
  readonly aIsOpen?: number;
  /** The words of an order that every replica reads again and again: it is settled once, by one of them, whatever comes of it. */
  readonly order?: string;
  /** Why that order is refused. */
  readonly refusal?: string;
}

/** A command that is being carried out. */
export interface Pending extends Command {
  /** Where the plan stood when it was asked for. */
  readonly from: Progress;
  /** What a swap would have made of the agreement of which nobody knows whether it has happened. */
  readonly tried: Agreement | null;
}

/** A is shut; nothing was done; or it was cut short, so that it may have shut A, or may still do. */
export type FenceOutcome = 'done' | 'failed' | 'unknown';

/** What can happen to a replica. */
export type Event =
  | { readonly kind: 'tick' }
  /** The store was read. */
  | ({ readonly kind: 'read' } & Versioned)
  /** The commit with this id is durable in the store. */
  | { readonly kind: 'committed'; readonly id: number; readonly version: number }
  /** The commit met a newer version. */
  | ({ readonly kind: 'conflict'; readonly id: number } & Versioned)
  /** No answer from the store: the commit with this id may have happened or not. */
  | { readonly kind: 'unreachable'; readonly id: number; readonly reason: string }
  /** The entry with this number is on disk. */
  | { readonly kind: 'durable'; readonly seq: number }
  /** It is not, and will not be (disk full). */
  | { readonly kind: 'write-failed'; readonly seq: number; readonly reason: string }
  | { readonly kind: 'fenced'; readonly attempt: number; readonly outcome: FenceOutcome; readonly output: string }
  /** A check's verdict, after fall, rise and dwell. */
  | { readonly kind: 'check'; readonly side: 'from' | 'to'; readonly healthy: boolean }
  | { readonly kind: 'gate'; readonly label: string; readonly holds: boolean }
  /** Whether there is an upstream, which clients were answered by: then a move begins when it has been asked. */
  | { readonly kind: 'upstream'; readonly there: boolean }
  /** What the upstream says before the move: the highest TTL in seconds, whether it mixes old and new. */
  | { readonly kind: 'preflight'; readonly ttl: number | null; readonly mixed: boolean }
  /** What all upstreams together show while the move lasts; `drawn`: how often that was drawn anew, `missing`: those who do not answer. */
  | {
      readonly kind: 'probe';
      readonly shows: 'from' | 'to' | 'mixed' | 'nothing';
      readonly ttl: number;
      readonly drawn: Drawn;
      readonly missing: readonly string[];
    }
  | { readonly kind: 'operator'; readonly command: Command }
  /** A reload brings this plan; `anew`: after it had been left out. */
  | { readonly kind: 'plan'; readonly plan: Plan; readonly anew?: boolean };

/** What the engine wants done; those who run it do it and tell it what came of it. */
export type Effect =
  /** Compare-and-swap; answer with `committed`, `conflict` or `unreachable`. A journal of one server appends and syncs. */
  | {
      readonly kind: 'commit';
      readonly id: number;
      readonly expect: number;
      readonly agreement: Agreement;
      readonly why: string;
      readonly by: string;
      /** The plan that takes over by it. */
      readonly plan?: Plan;
    }
  /** Write to this replica's own journal and sync; answer with `durable` or `write-failed`. */
  | { readonly kind: 'append'; readonly seq: number; readonly view: View; readonly plan?: Plan }
  /** Read the store now. */
  | { readonly kind: 'fetch' }
  /** Run the fence; answer with `fenced`. Running it twice must do no harm. */
  | { readonly kind: 'fence'; readonly attempt: number }
  /** The verdict on an operator's command. */
  | { readonly kind: 'verdict'; readonly id: string; readonly ok: boolean; readonly reason: string }
  /** For the log and the journal, not waited for. */
  | { readonly kind: 'note'; readonly level: 'info' | 'warn'; readonly text: string; readonly by: string }
  /** Something a person should look at. */
  | { readonly kind: 'alarm'; readonly about: Alarm; readonly text: string };

/** A state and what it wants done. */
export interface Stepped {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export type Alarm = 'disk' | 'store' | 'clock' | 'target' | 'gate' | 'fence' | 'plan';

/**
 * Rules of the law of a move (docs/architecture.md). Each can be left out, to show in the tests what it is for. Never do this elsewhere.
 */
export interface Rules {
  /** R1: answers follow only what is durable. */
  readonly writeAhead: boolean;
  /** R2: the promise to be silent from F on is on disk before it is acknowledged. */
  readonly promiseDurable: boolean;
  /** R2: the promise is kept without the store. */
  readonly promiseKept: boolean;
  /** R3: no A without a live session. */
  readonly session: boolean;
  /** R4: the flip waits for every registered replica. */
  readonly allAcks: boolean;
  /** R5: a replica without journal and store is silent. */
  readonly freshSilent: boolean;
  /** R6: clocks may be apart. */
  readonly skew: boolean;
  /** R7: no step of the wall clock makes a phase longer. */
  readonly steady: boolean;
  /** R8: a replica that a step of its clock would silence before the flip goes back. */
  readonly abort: boolean;
  /** R10: an empty store is not one in which nothing ever was. */
  readonly restored: boolean;
  /** R9: a plan that has taken over starts when every registered replica answers by it. */
  readonly allTakenOver: boolean;
}

export const allRules: Rules = {
  writeAhead: true,
  promiseDurable: true,
  promiseKept: true,
  session: true,
  allAcks: true,
  freshSilent: true,
  skew: true,
  steady: true,
  abort: true,
  allTakenOver: true,
  restored: true,
};

/** Everything one replica knows; immutable. */
export interface State {
  readonly plan: Plan;
  readonly hash: string;
  /** Where the names lead before and after, as digests. */
  readonly where: { readonly from: string; readonly to: string };
  readonly timing: Timing;
  /** The plan that is to take over from this one, which is answered by until that is agreed on and durable. */
  readonly next: Plan | null;
  readonly replica: string;
  readonly rules: Rules;
  /** What time it is for the plan (R7). */
  readonly clock: Clock;
  /** What an earlier run of this replica has written. */
  readonly written: Written;
  /** Leases of an earlier run of this replica end at the latest then, by the monotonic clock. */
  readonly restart: Leases;
  /** The ends of leases that this replica has stated in the store, by the monotonic clock. */
  readonly stated: Leases | null;
  /** What is durable and answered by; null: neither journal nor store yet (R5). */
  readonly view: View | null;
  readonly writing: { readonly seq: number; readonly view: View; readonly plan: Plan } | null;
  readonly known: Versioned | null;
  /** What the store held before it was seen to hold less, and the highest number that anything was put back under. */
  readonly lost: Agreement | null;
  readonly lostNumber: number;
  /** Since when (monotonic) it has been seen to hold nothing, by a replica that knows nothing. */
  readonly emptySince: number | null;
  readonly sending: {
    readonly id: number;
    readonly agreement: Agreement;
    /** When it was sent, by the ruler (`clock.ts`), and the step of the clock that it tells of. */
    readonly sent: number;
    readonly told: number;
    readonly leases: Leases;
    readonly command: string | null;
    /** Why a move is taken back by this. */
    readonly aborts: string | null;
  } | null;
  /** Numbers commits and entries of this run. */
  readonly counter: number;
  /** When the last accepted commit was sent, by the ruler (`clock.ts`): the session lives from there (R3). */
  readonly renewed: number | null;
  /** The last beat seen of every other replica, when it was first seen by the monotonic clock, and whether its clock was compared with this one. */
  readonly seen: Readonly<Record<string, { readonly beat: number; readonly mono: number; readonly compared: boolean }>>;
  /** Wall clock of the last reading of the store; a peer's stamp since then cannot be much older (R6). */
  readonly readAt: number | null;
  /** The replica whose clock is further off than `skew` (R6); null: none. */
  readonly skewedBy: string | null;
  /** The flip that was promised in this run: the clock was compared with those of the others then. */
  readonly promised: Pick<Progress, 'epoch' | 'flip'> | null;
  readonly unhealthy: { readonly from: number | null; readonly to: number | null };
  /** Since when (monotonic) the check of A finds it open, and the fence stands as it does now; null: it does not. */
  readonly openSince: number | null;
  /** Whether a check of the side has spoken. */
  readonly checked: { readonly from: boolean; readonly to: boolean };
  /** Why this replica has taken the last move back; null: it has not, or another one has begun. */
  readonly aborted: string | null;
  readonly gates: Readonly<Record<string, boolean>>;
  readonly preflight: { readonly ttl: number | null; readonly mixed: boolean } | null;
  readonly command: Pending | null;
  /** A fence this process runs or has run, with its result and what was said of it. */
  readonly fencing: { readonly attempt: number; readonly result: FenceOutcome | null; readonly output: string | null } | null;
  /** The attempt that this process has begun itself: it has not run before. */
  readonly begunFence: number | null;
  /** Whether there is one. Since when (monotonic) it has shown B alone; null: it has not. The longest TTL in seconds. How often it drew anew, who is silent. */
  readonly upstream: {
    readonly there: boolean;
    readonly cleanSince: number | null;
    readonly longest: number;
    readonly drawn: Drawn;
    readonly missing: readonly string[];
  };
  /** What was last said, so that it is said once. */
  readonly alarms: Readonly<Partial<Record<Alarm, string>>>;
}

/** Why B is not known to be well, or null. After a restart nothing is known of a B that is looked at until it has been (P4). */
export function targetDoubt({ unhealthy, checked, plan }: State): string | null {
  if (unhealthy.to !== null) return 'B is not healthy';
  return !checked.to && isTargetChecked(plan) ? 'B has not been checked yet' : null;
}

/** The label of a gate that does not hold, or null. A gate never heard of does not hold. */
export function closedGate(state: State): string | null {
  return state.plan.gates.find((gate) => state.gates[gate.label] !== true)?.label ?? null;
}
