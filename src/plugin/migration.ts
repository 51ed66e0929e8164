// The engine of a move, as far as the plugin that runs it needs it.

export { type Agreement, compareProgress, type Leases, type Phase, phases, reached, type View } from '../migration/agreement.ts';
export { type Steering, steer, steering } from '../migration/answers.ts';
export { begin } from '../migration/begin.ts';
export { clientOf } from '../migration/client-key.ts';
export { earliest, latest, shown, shownMono } from '../migration/clock.ts';
export { type Drawn, Draws, wrongOnceIn } from '../migration/draws.ts';
export { step } from '../migration/engine.ts';
export { horizonOf, rolledBackHorizon } from '../migration/horizon.ts';
export { Ledger } from '../migration/leases.ts';
export { awaitsUpstream, refusalOf } from '../migration/operator.ts';
export { type OrderStatus, ordersOf, stoppedOrders } from '../migration/orders.ts';
export { waitOf } from '../migration/phases.ts';
export { describeTarget, forbiddenChanges, type Gate, hashOf, isLookedAt, type Plan, type Target, timingOf, whereOf } from '../migration/plan.ts';
export { problemsOf } from '../migration/plan-problems.ts';
export { sessionLives, setApart, silentFor, sinceRenewal, withoutReplicas } from '../migration/replicas.ts';
export type { Command, Effect, Event, FenceOutcome, Moment, State, Written } from '../migration/state.ts';
export { follows, planInForce, sidesOf, successionRefusal } from '../migration/succession.ts';
