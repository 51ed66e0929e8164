// What the replicas have agreed on about one plan: the value of its one key in the store, changed only by compare-and-swap.

/** The phases in their order; within an epoch a plan only goes forward (P3). */
export const phases = ['original', 'lowering', 'transition', 'countdown', 'flipping', 'draining', 'done', 'released'] as const;
/** How far a plan has come. */
export type Phase = (typeof phases)[number];

/** An end of leases on A and on B, in milliseconds of the wall clock; 0: none. */
export interface Leases {
  readonly from: number;
  readonly to: number;
}

/** A proposal to flip at F, or, once committed, the flip. */
export interface Flip {
  /** Counts the proposals of an epoch; an acknowledgement is for one of them (R4). */
  readonly round: number;
  /** F, in milliseconds of the wall clock. */
  readonly at: number;
  /** For each replica that has promised durably to be silent about A from F on: the end of its latest lease on A when it did. */
  readonly acks: Readonly<Record<string, number>>;
  readonly committed: boolean;
}

/** The fence of A. `begun` stays after a crash in between: then it runs again. `unknown`: it was cut short, and waits for a person. */
interface Fencing {
  readonly state: 'none' | 'begun' | 'failed' | 'unknown' | 'done';
  /** The replica that runs it, and how often it was begun. */
  readonly by: string;
  readonly attempt: number;
  /** An attempt was begun whose end nobody knows: A may be shut, whatever has become of later ones. */
  readonly mayHaveRun?: boolean;
}

/** A replica that answers for the plan (R3), as it last said itself. */
export interface Member {
  /** Grows with every write of this replica: others see by it that the session lives. */
  readonly beat: number;
  /** Its wall clock at that write. */
  readonly stamp: number;
  /** It has durably promised to hand out A in exclusive mode only while its session lives. */
  readonly bound: boolean;
  /** The epoch, phase and step it obeys, and since when by its wall clock. */
  readonly epoch: number;
  readonly phase: Phase;
  readonly since: number;
  /** The ends of the latest leases it handed out. */
  readonly lease: Leases;
  /** It has durably promised to hand out A no more (blend, draining). */
  readonly settled: boolean;
  /** Its upstream has answered B and nothing but B for longer than the longest TTL it ever showed. */
  readonly clean: boolean;
  /** Blend: it has found B ill and leads clients to A. After a restart it does so until it has looked at B again (P4). */
  readonly ill?: boolean;
}

/** All that replicas agree on about a plan. */
export interface Agreement {
  readonly epoch: number;
  readonly phase: Phase;
  /** When the phase, or the step of the transition, was entered: wall clock of whoever did. */
  readonly since: number;
  /** The step of the transition: index into the canary's shares. */
  readonly step: number;
  /** TTL in the steady states, in seconds. */
  readonly ttl: number;
  /** The longest TTL handed out before the move, in seconds. */
  readonly oldTtl: number;
  readonly flip: Flip | null;
  readonly fence: Fencing;
  readonly paused: boolean;
  readonly members: Readonly<Record<string, Member>>;
  /** What removed or restarted replicas may have handed out: no horizon is before it. */
  readonly floor: Leases;
  /** The longest TTL the upstream ever showed for the names, in seconds. */
  readonly upstreamTtl: number;
  /** The hash of the plan all replicas must have. */
  readonly hash: string;
  /**
   * The epoch in which this plan took over from another one, a digest of where the names led then, and whether the upstream answered them, after they were
   * given back. Undefined: it is the first one.
   */
  readonly begins?: { readonly epoch: number; readonly where: string; readonly givenBack: boolean };
  /** How often this was put back after the store had lost it, and who has said since that they know no more. Undefined: never. */
  readonly restored?: { readonly number: number; readonly by: readonly string[] };
  /** The last order that stands somewhere and is read again and again, and why it was refused; null: it was carried out. Undefined: there was none. */
  readonly ordered?: { readonly order: string; readonly refused: string | null };
  /** Where they lead when it is done: only a plan that begins there can take over. */
  readonly ends?: string;
}

/** The next agreement and the words for the journal. */
export interface Step {
  readonly agreement: Agreement;
  readonly why: string;
  /** The move is taken back, and a person should know. */
  readonly aborts?: string;
}

/** The part of an agreement that one replica has made durable and answers by (R1, R2). */
export interface View {
  readonly epoch: number;
  readonly phase: Phase;
  readonly step: number;
  readonly ttl: number;
  readonly oldTtl: number;
  /** The flip it has promised to obey: silent about A from `at` on (R2). */
  readonly flip: { readonly round: number; readonly at: number } | null;
  /** It is registered. */
  readonly member: boolean;
  readonly bound: boolean;
  readonly settled: boolean;
  /** The other replicas that are registered. */
  readonly others?: readonly string[];
  /** As in the agreement. */
  readonly begins?: Agreement['begins'];
  /** Its wall clock when it adopted this. */
  readonly stamp: number;
}

function phaseIndex(phase: Phase): number {
  return phases.indexOf(phase);
}

/** Whether `phase` is this one or a later one of the same epoch. */
export function reached(phase: Phase, earliest: Phase): boolean {
  return phaseIndex(phase) >= phaseIndex(earliest);
}

/** Below 0 when `a` is before `b` in the only order a plan may go: epoch, phase, step, round of the flip (P3). */
export function compareProgress(a: Progress, b: Progress): number {
  return a.epoch - b.epoch || phaseIndex(a.phase) - phaseIndex(b.phase) || a.step - b.step || (a.flip?.round ?? 0) - (b.flip?.round ?? 0);
}

export interface Progress {
  readonly epoch: number;
  readonly phase: Phase;
  readonly step: number;
  readonly flip: { readonly round: number } | null;
}
