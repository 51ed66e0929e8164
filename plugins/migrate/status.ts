// How a plan that runs stands, as its admin pages show it.
import { type Move, migration, type PlanStatus } from 'ferrydns/built-in/moves';
import type { Exemption } from './off.ts';
import type { Runner } from './runner/runner.ts';
import { seenOf } from './watch/asked-behind.ts';

const listed = 20;

interface StatusSources {
  readonly move: Move;
  readonly runner: Runner;
  /** Where the names are answered without the plan. */
  readonly without: readonly Exemption[];
}

export function statusOf({ move, runner, without }: StatusSources): PlanStatus {
  const { state, ledger, agreed } = runner;
  const { plan } = state;
  const now = runner.moment();
  const mono = (at: number) => time(migration.shownMono(now, at));
  return {
    plan: plan.name,
    now: new Date(now.wall).toISOString(),
    hash: state.hash,
    names: move.plan.names.map(({ name, from, to }) => ({ name, from: from.map(migration.describeTarget), to: to.map(migration.describeTarget) })),
    role: plan.role,
    mode: plan.mode,
    damage: runner.damage ?? null,
    ...standing(runner, now),
    orders: runner.damage === undefined ? migration.ordersOf(state, now) : migration.stoppedOrders(runner.damage),
    answers: runner.steering(),
    ttl: { steady: agreed?.ttl ?? plan.ttl, transition: plan.transitionTtl, before: agreed?.oldTtl ?? null },
    ...outlook({ agreed, state, moment: () => now }),
    leases: {
      from: ledger.alive('from', now.mono),
      to: ledger.alive('to', now.mono),
      cut: ledger.cut,
      last: ledger.last(listed).map(({ client, from }) => ({ client, until: mono(from) })),
      pinned: ledger.pinned(silentSince(runner, now), listed).map(({ client, lastAsked }) => ({ client, last_asked: mono(lastAsked) })),
    },
    health: { from: healthOf(runner, 'from'), to: healthOf(runner, 'to') },
    gates: plan.gates.map(({ label }) => ({ gate: label, holds: state.gates[label] ?? null, reason: runner.gateReasons.get(label) ?? null })),
    upstream: {
      now: shownBy(runner),
      before: preflightOf(state),
      longest_ttl: Math.max(state.upstream.longest, agreed?.upstreamTtl ?? 0),
      answers: drawnBy(state),
    },
    without_plan: without,
    alarms: alarmsOf(runner),
    replica: state.replica,
    replicas: replicasOf(runner, now),
    store: { kind: plan.store, place: runner.place, heard: runner.heard },
    changed: runner.lastChange,
    journal: runner.file,
  };
}

function standing({ agreed, state }: Runner, now: migration.Moment) {
  if (agreed === null) return { epoch: 0, phase: null, step: 0, paused: false, since: null };
  const { epoch, phase, step, paused, since } = agreed;
  return { epoch, phase, step, paused, since: time(migration.shown(state, now, since)) };
}

/** From F on nobody is given anything until B is open: who is not answered does not look pinned. By the monotonic clock. */
function silentSince({ agreed, state }: Runner, now: migration.Moment): number {
  if (agreed?.phase !== 'flipping' || agreed.flip === null) return now.mono;
  return Math.min(now.mono, now.mono + agreed.flip.at - migration.earliest(state, now));
}

/** The replicas that are registered; `silent_for` is the seconds since each was heard. */
function replicasOf({ state, agreed }: Runner, now: migration.Moment) {
  return Object.entries(agreed?.members ?? {}).map(([replica, { phase, epoch, bound }]) => {
    const silent = replica === state.replica ? 0 : Math.round(migration.silentFor(state, replica, now)) / 1000;
    return { replica, phase, epoch, bound, silent_for: silent };
  });
}

/** What comes next: the flip, the fence, what is waited for, and when A may be switched off. */
function outlook({ agreed, state, moment }: { readonly agreed: Runner['agreed']; readonly state: migration.State; moment(): migration.Moment }) {
  const { plan, timing } = state;
  const unknown = { a_may_be_switched_off: null, b_may_be_switched_off: null, missing: [] };
  if (agreed === null) return { flip: null, fence: null, wait: null, horizon: unknown };
  const { flip, fence } = agreed;
  const now = moment();
  const shown = (at: number | null) => time(at === null || at === 0 ? at : migration.shown(state, now, at));
  const horizon = migration.horizonOf(plan, timing, agreed);
  const wait = migration.waitOf(state, agreed, now);
  return {
    flip: flip === null ? null : { at: shown(flip.at), committed: flip.committed },
    fence: plan.fence === null ? null : { command: plan.fence.command, ...fencingOf(fence), output: state.fencing?.output ?? null },
    wait: wait === null ? null : { why: wait.why, until: shown(wait.until) },
    horizon: {
      // Where A was never handed out there is no lease to wait for.
      a_may_be_switched_off: shown(horizon.at === 0 ? agreed.since : horizon.at),
      b_may_be_switched_off: shown(migration.rolledBackHorizon(timing, agreed).at),
      missing: horizon.missing,
    },
  };
}

/** `may_have_run`: an attempt was cut short, or begun before a crash, so that A may be shut whatever became of later ones. */
function fencingOf({ state, attempt, mayHaveRun }: migration.Agreement['fence']) {
  return { state, attempt, may_have_run: state === 'begun' || mayHaveRun === true };
}

/** What the upstream shows at this moment. */
function shownBy({ upstreams }: Runner) {
  const seen = seenOf(upstreams);
  return seen === undefined ? null : { shows: seen.shows, ttl: seen.ttl };
}

/** How often the upstream has drawn its answers anew since it shows B alone. */
function drawnBy({ upstream: { drawn, missing } }: migration.State) {
  const { seen, wanted, left } = drawn;
  return { seen, wanted, seconds_left: left, wrong_once_in: migration.wrongOnceIn(seen), missing };
}

/** What was found before the move. */
function preflightOf({ preflight }: migration.State) {
  return preflight === null ? null : { ttl: preflight.ttl, mixed: preflight.mixed };
}

/** What the engine warns of, and what it knows nothing of before it wants something written: a store that cannot be read, a journal that was removed. */
export function alarmsOf({ state, link, journal, overruled }: Runner): readonly { readonly about: string; readonly text: string }[] {
  const raised = Object.entries(state.alarms).map(([about, text]) => ({ about, text }));
  const isRaised = (about: string) => raised.some((each) => each.about === about);
  const unheard = link?.problem === undefined || isRaised('store') ? undefined : `${link.place} cannot be heard: ${link.problem}`;
  const unwritten = journal?.trouble === undefined || isRaised('disk') ? undefined : `no phase begins: ${journal.trouble.reason}`;
  if (overruled !== undefined) raised.push({ about: 'bypass', text: overruled });
  if (unheard !== undefined) raised.push({ about: 'store', text: unheard });
  if (unwritten !== undefined) raised.push({ about: 'disk', text: unwritten });
  return raised;
}

function healthOf({ state }: Runner, side: 'from' | 'to'): PlanStatus['health']['from'] {
  if (state.unhealthy[side] !== null) return 'unhealthy';
  // What is known of a side that nobody looks at any more is old.
  return migration.isLookedAt(state.plan, side) && state.checked[side] ? 'healthy' : 'unknown';
}

function time(milliseconds: number | null): string | null {
  return milliseconds === null || milliseconds <= 0 ? null : new Date(milliseconds).toISOString();
}
