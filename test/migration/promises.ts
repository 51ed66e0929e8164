// The promises P1, P2, P3 and P6, checked in every state of a small world.
import { type Agreement, compareProgress, type Progress, type View } from '../../src/migration/agreement.ts';
import { earliest } from '../../src/migration/clock.ts';
import { horizonOf } from '../../src/migration/horizon.ts';
import { isCompared } from '../../src/migration/replicas.ts';
import { otherPlan } from '../../src/migration/succession.ts';
import { answerFor } from './status.ts';
import { type Action, type Model, momentOf, type Node, nodeAt, type Promised, replicaName, Violation, type World, withNode } from './world.ts';

/** Clients ask every running replica in every state: whatever can be answered now counts as answered. */
export function answering(model: Model, world: World): World {
  let next = world;
  let gaveA = '';
  for (let i = 0; i < world.nodes.length; i++) {
    const asked = ask(model, next, i);
    next = asked.world;
    if (asked.gaveA) gaveA = replicaName(i);
  }
  const claimed = checkHorizon(model, next);
  if (gaveA !== '' && next.answeredB && model.plan.mode === 'exclusive') broken(model, 'P1', `${gaveA} answers A although B has been answered`);
  if (gaveA !== '' && claimed) broken(model, 'P2', `${gaveA} answers A although A may be switched off`);
  return claimed === next.off ? next : { ...next, off: claimed };
}

function ask(model: Model, world: World, i: number): { readonly world: World; readonly gaveA: boolean } {
  const node = nodeAt(world, i);
  const { state } = node;
  if (state === null || node.asleep) return { world, gaveA: false };
  checkForward(model, node, i);
  const { answer, ttl } = answerFor(state, momentOf(model, world, i));
  if (answer === 'both' && model.plan.mode === 'exclusive') broken(model, 'P1', 'both answered at once');
  const obeyed = state.view === null ? world : withNode(world, i, { ...node, obeyed: progressOf(state.view) });
  if (model.next !== undefined && state.plan.name !== model.next.name) return askedBefore(model, obeyed, { i, answer });
  if (answer === 'to') return { world: { ...obeyed, answeredB: true }, gaveA: false };
  const gaveA = answer === 'from' || answer === 'both';
  return { world: gaveA ? withLease(model, obeyed, { i, ttl }) : obeyed, gaveA };
}

/** Whether somebody may ask it. */
export function isUp({ state, asleep }: Node): boolean {
  return state !== null && !asleep;
}

/** P6: ticks of silence with the one that passes now. */
export function silenceOf(model: Model, world: World, i: number): number {
  const { state, silent } = nodeAt(world, i);
  if (state === null || answerFor(state, momentOf(model, world, i)).answer !== 'silent') return 0;
  if (silent + 1 > model.silence) broken(model, 'P6', `${replicaName(i)} has been silent for more than ${model.silence} s`);
  return silent + 1;
}

/** What the plan before answers, in the words of the one that takes over. */
function askedBefore(model: Model, world: World, { i, answer }: { readonly i: number; readonly answer: string }) {
  if (answer === 'from') broken(model, 'P1', `${replicaName(i)} answers A of the plan before, which is done`);
  return { world, gaveA: answer === 'to' };
}

function withLease(model: Model, world: World, { i, ttl }: { i: number; ttl: number }): World {
  const node = nodeAt(world, i);
  const caches = model.plan.caches.reduce((sum, cache) => sum + cache.seconds, 0);
  const end = momentOf(model, world, i).mono + ttl * 1000 + model.plan.slack * 1000;
  const leased = { ...node.leased, from: Math.max(node.leased.from, end) };
  return { ...withNode(world, i, { ...node, leased }), leaseOnA: Math.max(world.leaseOnA, world.time + ttl + model.transit + caches) };
}

/** P3 for one replica: what it answers by never goes back, not even across a crash. */
function checkForward(model: Model, node: Node, i: number): void {
  const view = node.state?.view ?? null;
  if (view !== null && node.obeyed !== null && compareProgress(view, node.obeyed) < 0)
    broken(model, 'P3', `${replicaName(i)} went back from ${words(node.obeyed)} to ${words(view)}`);
}

/** P2: whoever knows a horizon that has passed would say that A may be switched off. */
function checkHorizon(model: Model, world: World): boolean {
  let claimed = world.off && world.agreement?.phase !== 'original';
  for (let i = 0; i < world.nodes.length; i++) {
    if (!saysOff(model, world, i)) continue;
    claimed = true;
    if (world.leaseOnA > world.time)
      broken(model, 'P2', `${replicaName(i)} says A may be switched off ${world.leaseOnA - world.time} s before the last lease ends`);
  }
  return claimed;
}

function saysOff(model: Model, world: World, i: number): boolean {
  const state = nodeAt(world, i).state;
  const agreement = state?.known?.agreement ?? null;
  if (state === null || agreement === null || agreement.epoch !== world.agreement?.epoch) return false;
  if (otherPlan(state, agreement) || (model.next !== undefined && state.plan.name !== model.next.name)) return false;
  const now = momentOf(model, world, i);
  if (!isCompared(state, agreement, now)) return false;
  const { at } = horizonOf(model.plan, state.timing, agreement);
  return at !== null && earliest(state, now) >= at;
}

/** P3 for the store. */
export function checkStore(model: Model, { before, after, action }: { before: World; after: World; action: Action }): void {
  if (before.agreement === null || after.agreement === null || before.version === after.version) return;
  if (compareProgress(after.agreement, before.agreement) < 0) broken(model, 'P3', `${action.name} took the store back`);
  if (after.agreement.epoch === before.agreement.epoch) return;
  if (after.agreement.begins?.epoch === after.agreement.epoch) {
    checkTakeover(model, before.agreement);
    return;
  }
  if (before.agreement.fence.state === 'done') broken(model, 'P3', 'rolled back after the fence');
  if (before.fenceMayHaveRun || before.nodes.some(({ fence }) => fence !== null)) broken(model, 'P3', 'rolled back although a fence may have run');
}

function checkTakeover(model: Model, before: Agreement): void {
  if (before.phase !== 'done') broken(model, 'P3', `a plan took over from one in ${before.phase}`);
}

function broken({ promises }: Model, promise: Promised, what: string): void {
  if (promises.includes(promise)) throw new Violation(`${promise}: ${what}`);
}

function progressOf({ epoch, phase, step: canary, flip }: View): Progress {
  return { epoch, phase, step: canary, flip };
}

function words({ epoch, phase, flip }: Progress): string {
  return `epoch ${epoch} ${phase}${flip === null ? '' : ` round ${flip.round}`}`;
}
