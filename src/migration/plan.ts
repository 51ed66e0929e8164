// A plan: what is moved from A to B, how, and by which times. Data only; `plan-problems.ts` judges it.
import { createHash } from 'node:crypto';
import type { Name } from '../dns/name.ts';

/** Where a side of the move leads: an address, a name (answered as CNAME), a pool by its name, or a service of a cluster. */
export type Target =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'name'; readonly name: Name }
  | { readonly kind: 'pool'; readonly pool: Name }
  /** "service/NAMESPACE/NAME?zone=b": its addresses may change, and are no part of the plan. */
  | { readonly kind: 'service'; readonly service: string };

/** A target in one line. */
export function describeTarget(target: Target): string {
  if (target.kind === 'address') return target.address;
  if (target.kind === 'service') return target.service;
  return target.kind === 'name' ? target.name : `pool ${target.pool}`;
}

/** Which server this is when the thing moved is the DNS service itself: DNS A, DNS B; or the resolver everybody uses. */
type Role = 'old' | 'new' | 'shared';

/** A, then A and B, then B; or A, then B, never both. */
type Mode = 'blend' | 'exclusive';

/** A cache below this server and the seconds it holds an answer beyond its TTL. */
export interface CacheBelow {
  readonly kind: string;
  readonly seconds: number;
}

/** A health check of one side; how it is run is not this layer's matter. */
export interface Check {
  readonly side: 'from' | 'to';
  readonly probe:
    | { readonly kind: 'tcp'; readonly port: number }
    /** `status` null: any from 200 to 399. */
    | { readonly kind: 'http'; readonly url: string; readonly status: number | null }
    | { readonly kind: 'dns'; readonly port: number; readonly name: Name; readonly type: string };
  readonly interval: number;
  readonly timeout: number;
  readonly fall: number;
  readonly rise: number;
  readonly dwell: number;
}

/** A condition that must hold before a phase begins and while it lasts. Events name it by `label`. */
export type Gate = { readonly label: string } & (
  | { readonly kind: 'http'; readonly url: string }
  | {
      readonly kind: 'prometheus';
      readonly url: string;
      readonly query: string;
      readonly compare: '<' | '<=' | '>' | '>=' | '==' | '!=';
      readonly value: number;
    }
  | { readonly kind: 'exec'; readonly command: readonly string[] }
);

/** A command that shuts A; seconds that it may take. */
interface Fence {
  readonly command: readonly string[];
  readonly timeout: number;
  /** The exit statuses that say that it did nothing; any but 0 unless given. */
  readonly didNothing?: readonly number[];
}

/** Where the agreement of the replicas is kept; `journal` is a file of this one server. */
type StoreKind = 'journal' | 'etcd' | 'configmap';

/** Where one name leads before and after. */
export interface MovedName {
  readonly name: Name;
  readonly from: readonly Target[];
  readonly to: readonly Target[];
}

/** One move. Times are seconds, shares are percent. */
export interface Plan {
  readonly name: string;
  /** All of them change together (P5). */
  readonly names: readonly MovedName[];
  readonly role: Role;
  readonly mode: Mode;
  /** TTL in the steady states; null: learnt from the upstream by the preflight. */
  readonly ttl: number | null;
  readonly transitionTtl: number;
  readonly caches: readonly CacheBelow[];
  /** Blend: share of answers that lead to B; null: A and B together in one answer. */
  readonly weight: number | null;
  /** Blend: shares of clients, one step after the other. */
  readonly canary: readonly number[];
  readonly checks: readonly Check[];
  readonly gates: readonly Gate[];
  /** Must succeed before the first answer with B of an exclusive plan. */
  readonly fence: Fence | null;
  readonly advance: 'manual' | 'auto';
  readonly rollback: 'manual' | 'auto';
  /** How long B must have been unhealthy before `rollback auto` goes back to A. */
  readonly rollbackAfter: number;
  readonly handback: boolean;
  /** Independent answers with B alone that a hand-back wants of the upstream. */
  readonly handbackAnswers: number;
  /** How long each step of the transition lasts under `advance auto`. */
  readonly pace: number;
  /** Least time between the proposal of the flip and the flip. */
  readonly countdown: number;
  /** How long a query without an answer is held before SERVFAIL. */
  readonly hold: number;
  /** Transit and rounding added to every lease. */
  readonly slack: number;
  /** How far the wall clocks of replicas may be apart (R6). */
  readonly skew: number;
  /** A replica that could not renew for so long hands out A no more (R3). */
  readonly session: number;
  readonly store: StoreKind;
}

/** What a plan must say; everything else has a default. */
export type PlanOptions = Pick<Plan, 'name' | 'names'> & Partial<Plan>;

/** A plan with every default filled in. */
export function planOf(options: PlanOptions): Plan {
  const transitionTtl = options.transitionTtl ?? 5;
  return {
    role: 'shared',
    mode: 'blend',
    ttl: null,
    transitionTtl,
    caches: [],
    weight: null,
    canary: [],
    checks: [],
    gates: [],
    fence: null,
    advance: 'manual',
    rollback: 'manual',
    rollbackAfter: 30,
    handback: false,
    handbackAnswers: 20,
    pace: Math.max(60, 3 * transitionTtl),
    countdown: Math.max(5, transitionTtl),
    hold: 2,
    slack: 3,
    skew: 1,
    session: 10,
    store: 'journal',
    ...options,
  };
}

/** The times of a plan in milliseconds. A server alone has one clock: its skew is 0. */
export interface Timing {
  readonly transitionTtl: number;
  readonly slack: number;
  readonly skew: number;
  readonly session: number;
  /** C: what the caches below add; they stand one behind the other, so they add up. */
  readonly caches: number;
  /** From the proposal of a flip to the flip. */
  readonly lead: number;
  /** A flip that is not committed so long before its time is proposed anew. */
  readonly margin: number;
  readonly hold: number;
  readonly pace: number;
  readonly rollbackAfter: number;
}

/** The times that a plan runs by, those derived from its options included. */
export function timingOf(plan: Plan): Timing {
  const alone = plan.store === 'journal';
  const skew = alone ? 0 : plan.skew * 1000;
  const margin = alone ? 0 : 1000;
  return {
    transitionTtl: plan.transitionTtl * 1000,
    slack: plan.slack * 1000,
    skew,
    session: plan.session * 1000,
    caches: cachesBelow(plan) * 1000,
    lead: plan.countdown * 1000 + skew + margin,
    margin,
    hold: plan.hold * 1000,
    pace: plan.pace * 1000,
    rollbackAfter: plan.rollbackAfter * 1000,
  };
}

/** C in seconds. */
export function cachesBelow(plan: Plan): number {
  return plan.caches.reduce((sum, cache) => sum + cache.seconds, 0);
}

/** A digest of where all names of a plan lead on one of its sides: equal for two plans that say the same in another order. */
export function whereOf({ names }: Pick<Plan, 'names'>, side: 'from' | 'to'): string {
  return digestOf(names.map((moved) => digestOf([moved.name, moved[side].map(digestOf).sort()])).sort());
}

/** Fields that may change while the plan runs, because no promise rests on them. */
const changeable = [
  'weight',
  'gates',
  'pace',
  'advance',
  'rollback',
  'rollbackAfter',
  'handback',
  'handbackAnswers',
  'hold',
] as const satisfies readonly (keyof Plan)[];

/** The hash that a running move and a plan file are compared by: everything but the changeable fields. */
export function hashOf(plan: Plan): string {
  const kept = Object.entries(plan).filter(([field]) => !(changeable as readonly string[]).includes(field));
  return digestOf(Object.fromEntries(kept));
}

/** The same for equal values, in whatever order the keys of their objects stand. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 32);
}

/** The fields in which `next` differs from `running` and that must not change during a move. */
export function forbiddenChanges(running: Plan, next: Plan): readonly string[] {
  const fields = Object.keys(running) as (keyof Plan)[];
  return fields.filter((field) => !(changeable as readonly string[]).includes(field) && canonical(running[field]) !== canonical(next[field]));
}

/** JSON with the keys of every object in order, so that equal values have equal text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}

/** Whether anything tells how a side is: a check, or a pool or a service among its targets. */
export function isLookedAt({ checks, names }: Plan, side: 'from' | 'to'): boolean {
  return checks.some((check) => check.side === side) || names.some((name) => name[side].some(knowsHealth));
}

/** Whether somebody looks at B: the checks of the plan, or pools and services, which know by themselves whether they are well. */
export function isTargetChecked({ checks, names }: Plan): boolean {
  return checks.some(({ side }) => side === 'to') || names.every(({ to }) => to.length > 0 && to.every(knowsHealth));
}

/** Whether it is known of a target how it is without a check of the plan. */
function knowsHealth({ kind }: Target): boolean {
  return kind === 'pool' || kind === 'service';
}
