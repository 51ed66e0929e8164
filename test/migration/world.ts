// What a small world of replicas, a store and an operator is made of.
import type { Agreement, Progress, View } from '../../src/migration/agreement.ts';
import type { Plan } from '../../src/migration/plan.ts';
import type { Moment, Rules, State } from '../../src/migration/state.ts';

/** A swap on its way to the store. */
export interface Request {
  readonly id: number;
  readonly expect: number;
  readonly agreement: Agreement;
}

export interface Node {
  /** Null: not running. */
  readonly state: State | null;
  /** The last view on its disk, and whether it is one of the plan that takes over. */
  readonly disk: View | null;
  readonly diskNext: boolean;
  /** Whether it is configured with that plan. */
  readonly replanned: boolean;
  readonly linked: boolean;
  readonly gone: boolean;
  readonly request: Request | null;
  /** A swap whose sender has given up: it may still arrive. */
  readonly ghost: Request | null;
  readonly fence: number | null;
  /** Ends of leases by its own clock, as a ledger would have them; lost in a crash. */
  readonly leased: { readonly from: number; readonly to: number };
  /** Ticks by which its wall clock was set forward, back below 0, and which it has slept: its monotonic clock stood still meanwhile. */
  readonly shift: number;
  readonly slept: number;
  readonly asleep: boolean;
  /** Ticks since it last answered, as long as it runs. */
  readonly silent: number;
  /** The furthest it has answered by, crashes included (P3). */
  readonly obeyed: Progress | null;
}

/** How many faults of each kind may still happen. */
export interface Faults {
  readonly crash: number;
  readonly wipe: number;
  readonly cut: number;
  readonly lose: number;
  readonly rollback: number;
  readonly start: number;
  readonly forget: number;
  readonly fenceFails: number;
  /** A fence is cut short: it may have run, or may still run. */
  readonly fenceCut: number;
  /** An operator has a fence that failed or was cut short run again. */
  readonly again: number;
  /** An operator rolls back and says that A is open, having looked. */
  readonly aIsOpen: number;
  /** A new process, which has no journal, begins under the name of a replica that is cut off. */
  readonly twin: number;
  readonly unhealthy: number;
  /** Its wall clock is set by the `stride` of the model. */
  readonly forward: number;
  readonly back: number;
  /** The machine sleeps, and wakes at some time. */
  readonly sleep: number;
  /** Replicas that are given the plan that takes over. */
  readonly replan: number;
  /** The store loses what it holds. */
  readonly empty: number;
  /** Ticks that pass while something that could be done is not: a slow disk, link or process. */
  readonly delay: number;
}

export const noFaults: Faults = {
  crash: 0,
  wipe: 0,
  cut: 0,
  lose: 0,
  rollback: 0,
  start: 0,
  forget: 0,
  fenceFails: 0,
  fenceCut: 0,
  again: 0,
  aIsOpen: 0,
  twin: 0,
  unhealthy: 0,
  forward: 0,
  back: 0,
  sleep: 0,
  replan: 0,
  empty: 0,
  delay: 0,
};

export interface World {
  readonly time: number;
  readonly nodes: readonly Node[];
  readonly version: number;
  readonly agreement: Agreement | null;
  readonly faults: Faults;
  readonly answeredB: boolean;
  /** True end, in ticks, of the latest lease on A any client may hold, caches below included. */
  readonly leaseOnA: number;
  /** Somebody was told that A may be switched off; until a rollback. */
  readonly off: boolean;
  /** A fence has run, or its runner went down while it did. */
  readonly fenceMayHaveRun: boolean;
  /** The twin speaks for the name of the first replica. */
  readonly usurped: boolean;
}

/** A promise that is checked in every state. */
export type Promised = 'P1' | 'P2' | 'P3' | 'P6';

export interface Model {
  readonly plan: Plan;
  /** The plan that takes over when that one is done: promises are about it. */
  readonly next?: Plan;
  readonly rules: Rules;
  /** Ticks by which each replica's wall clock is ahead. */
  readonly offsets: readonly number[];
  /** The node, if any, that is called as the first one and begins only as its twin. */
  readonly twin?: number;
  /** Ticks by which a clock is set. */
  readonly stride: number;
  /** P6: the longest silence in ticks. */
  readonly silence: number;
  /** Ticks a reply may be on its way. */
  readonly transit: number;
  /** The promises that are checked. */
  readonly promises: readonly Promised[];
}

export interface Action {
  readonly name: string;
  readonly node: number;
}

export class Violation extends Error {}

/** Wall clocks begin here, so that no time is 0. */
const epochStart = 1_000_000;

export function momentOf(model: Model, world: World, i: number): Moment {
  const { leased, shift, slept } = nodeAt(world, i);
  return { wall: epochStart + (world.time + (model.offsets[i] ?? 0) + shift) * 1000, mono: (world.time - slept) * 1000, leased };
}

export function replicaName(i: number): string {
  return String.fromCharCode(97 + i);
}

/** What a node is called in the store. */
export function nameOf({ twin }: Model, i: number): string {
  return replicaName(i === twin ? 0 : i);
}

export function nodeAt(world: World, i: number): Node {
  const node = world.nodes[i];
  if (node === undefined) throw new Error(`no replica ${i}`);
  return node;
}

export function withNode(world: World, i: number, node: Node): World {
  const nodes = world.nodes.slice();
  nodes[i] = node;
  return { ...world, nodes };
}
