// How a plan stands, as a server tells it at its admin address and the command line shows it. `docs/admin-api.yaml` describes the fields.
import type { Phase } from '../migration/agreement.ts';
import type { Steering } from '../migration/answers.ts';
import type { OrderStatus } from '../migration/orders.ts';
import type { Plan } from '../migration/plan.ts';

/** The state of a plan as plain data. Times are RFC 3339, lengths seconds. */
export interface PlanStatus {
  readonly plan: string;
  /** What the clock of the server says. */
  readonly now: string;
  readonly hash: string;
  readonly names: readonly { readonly name: string; readonly from: readonly string[]; readonly to: readonly string[] }[];
  readonly role: Plan['role'];
  readonly mode: Plan['mode'];
  /** Why nothing is answered until somebody has repaired something. */
  readonly damage: string | null;
  readonly epoch: number;
  /** Null as long as the store has not been heard. */
  readonly phase: Phase | null;
  readonly step: number;
  readonly paused: boolean;
  readonly since: string | null;
  readonly answers: Steering;
  readonly ttl: { readonly steady: number | null; readonly transition: number; readonly before: number | null };
  readonly flip: { readonly at: string | null; readonly committed: boolean } | null;
  readonly fence: FenceStatus | null;
  /** What keeps the plan in its phase. */
  readonly wait: { readonly why: string; readonly until: string | null } | null;
  /** What an operator may order now, and why not the rest. */
  readonly orders: readonly OrderStatus[];
  readonly horizon: {
    readonly a_may_be_switched_off: string | null;
    /** When the last lease on B is over, in a plan that was rolled back. */
    readonly b_may_be_switched_off: string | null;
    /** The replicas whose leases are not known. */
    readonly missing: readonly string[];
  };
  readonly leases: {
    readonly from: number;
    readonly to: number;
    /** Whether there were more clients than can be told apart. */
    readonly cut: boolean;
    readonly last: readonly { readonly client: string; readonly until: string | null }[];
    readonly pinned: readonly { readonly client: string; readonly last_asked: string | null }[];
  };
  readonly health: { readonly from: SideHealth; readonly to: SideHealth };
  readonly gates: readonly { readonly gate: string; readonly holds: boolean | null; readonly reason: string | null }[];
  readonly upstream: UpstreamStatus;
  /** Where this server answers the names without the plan; `place` is "FILE:LINE". */
  readonly without_plan: readonly { readonly server: string; readonly zone: string; readonly place: string }[];
  readonly alarms: readonly { readonly about: string; readonly text: string }[];
  readonly replica: string;
  /** The replicas that are registered, this one too. */
  readonly replicas: readonly {
    readonly replica: string;
    readonly phase: Phase;
    readonly epoch: number;
    readonly bound: boolean;
    /** Seconds since it was heard. */
    readonly silent_for: number;
  }[];
  readonly store: { readonly kind: Plan['store']; readonly place: string; readonly heard: boolean };
  readonly changed: { readonly why: string; readonly by: string; readonly at: string } | null;
  readonly journal: string;
}

type SideHealth = 'unhealthy' | 'healthy' | 'unknown';

interface FenceStatus {
  readonly command: readonly string[];
  readonly state: 'none' | 'begun' | 'failed' | 'unknown' | 'done';
  readonly attempt: number;
  /** An attempt was cut short, or begun before a crash, so that A may be shut whatever became of later ones. */
  readonly may_have_run: boolean;
  readonly output: string | null;
}

interface UpstreamStatus {
  /** What it shows now; null: it has not been asked. */
  readonly now: { readonly shows: 'from' | 'to' | 'mixed' | 'nothing'; readonly ttl: number } | null;
  /** What was found before the move. */
  readonly before: { readonly ttl: number | null; readonly mixed: boolean } | null;
  readonly longest_ttl: number;
  /** How often it has drawn its answers anew since it shows B alone. */
  readonly answers: {
    readonly seen: number;
    readonly wanted: number;
    readonly seconds_left: number | null;
    readonly wrong_once_in: number | null;
    readonly missing: readonly string[];
  };
}
