// What can happen in a small world around the real `step`: replicas with disks and links, one store, an operator, time in ticks of a second.

import { begin } from '../../src/migration/begin.ts';
import { step } from '../../src/migration/engine.ts';
import { refusalOf } from '../../src/migration/operator.ts';
import { setApart } from '../../src/migration/replicas.ts';
import type { Command, Effect, Event, FenceOutcome } from '../../src/migration/state.ts';
import { answering, checkStore, isUp, silenceOf } from './promises.ts';
import { type Action, type Faults, type Model, momentOf, type Node, nameOf, nodeAt, replicaName, type World, withNode } from './world.ts';

export function emptyWorld(model: Model, faults: Faults): World {
  const node: Node = {
    state: null,
    disk: null,
    diskNext: false,
    replanned: false,
    linked: true,
    gone: false,
    request: null,
    ghost: null,
    fence: null,
    leased: { from: 0, to: 0 },
    shift: 0,
    slept: 0,
    asleep: false,
    silent: 0,
    obeyed: null,
  };
  return {
    time: 0,
    nodes: model.offsets.map((_, i) => ({ ...node, gone: i === model.twin })),
    version: 0,
    agreement: null,
    faults,
    answeredB: false,
    leaseOnA: 0,
    off: false,
    fenceMayHaveRun: false,
    usurped: false,
  };
}

/** What takes less than a tick, unless a `delay` is spent. */
const prompt: ReadonlySet<string> = new Set(['disk', 'swap', 'read', 'fence']);

/** Everything that may happen next. */
export function actionsOf(model: Model, world: World): readonly Action[] {
  const actions: Action[] = [];
  for (let i = 0; i < world.nodes.length; i++) for (const name of clockActions(model, world, i)) actions.push({ name, node: i });
  const busy = actions.some(({ name }) => prompt.has(name));
  if (!busy || world.faults.delay > 0) actions.push({ name: 'tick', node: -1 });
  if (world.faults.empty > 0 && world.agreement !== null) actions.push({ name: 'empty', node: -1 });
  return actions;
}

function clockActions(model: Model, world: World, i: number): readonly string[] {
  const { asleep, gone, state } = nodeAt(world, i);
  if (asleep) return ['wake'];
  const { faults } = world;
  const clock = (['forward', 'back'] as const).filter((step) => faults[step] > 0 && !gone);
  const sleep = faults.sleep > 0 && state !== null ? ['sleep'] : [];
  return [...clock, ...sleep, ...nodeActions(model, world, i)];
}

function nodeActions(model: Model, world: World, i: number): readonly string[] {
  const node = nodeAt(world, i);
  const { faults } = world;
  const names: string[] = [];
  const when = (holds: boolean, name: string) => {
    if (holds) names.push(name);
  };
  when(node.ghost !== null && node.ghost.expect === held(world), 'ghost');
  when(!node.linked, 'heal');
  when(node.linked && faults.cut > 0, 'cut');
  if (node.state === null) {
    when(!node.gone, 'restart');
    when(i === model.twin && faults.twin > 0 && !nodeAt(world, 0).linked, 'twin');
    return names;
  }
  when(node.request !== null && node.linked, 'swap');
  when(node.request !== null && (!node.linked || faults.lose > 0), 'lose');
  when(node.linked && hasNews(world, node.state), 'read');
  when(node.state.writing !== null, 'disk');
  when(node.fence !== null, 'fence');
  when(node.fence !== null && faults.fenceFails > 0, 'fence-fails');
  when(node.fence !== null && faults.fenceCut > 0, 'fence-cut');
  when(faults.crash > 0, 'crash');
  when(faults.wipe > 0, 'wipe');
  when(faults.forget > 0, 'gone');
  when(faults.unhealthy > 0 && node.state.unhealthy.to === null, 'ill');
  when(node.state.unhealthy.to !== null, 'well');
  names.push(...afterFence(model, world, i));
  when(faults.replan > 0 && model.next !== undefined && !node.replanned && mayReplan(node), 'replan');
  for (const verb of ['start', 'rollback'] as const) when(faults[verb] > 0 && allowed(model, world, { i, verb }), verb);
  return names;
}

function hasNews({ version, agreement }: World, { known }: NonNullable<Node['state']>): boolean {
  if (known === null) return true;
  return agreement === null ? known.agreement !== null : known.version < version;
}

/** What a swap must expect: where nothing is, there is no version. */
function held({ version, agreement }: World): number {
  return agreement === null ? 0 : version;
}

/** A server refuses to load the plan earlier. */
function mayReplan({ state }: Node): boolean {
  return state?.view?.phase === 'done';
}

/** What an operator may do about a fence that did not shut A, or may not have. */
function afterFence(model: Model, world: World, i: number): readonly string[] {
  const { faults } = world;
  const agreement = nodeAt(world, i).state?.known?.agreement;
  const again = faults.again > 0 && agreement?.phase === 'flipping' && allowed(model, world, { i, verb: 'advance' });
  const open = faults.aIsOpen > 0 && mayBeSeenOpen(model, world, i);
  return [...(again ? ['again'] : []), ...(open ? ['rollback-a-is-open'] : [])];
}

/** An operator who looks at A while no fence runs, and finds it open, knows that what was cut short has done nothing. */
function mayBeSeenOpen(model: Model, world: World, i: number): boolean {
  const { fence } = nodeAt(world, i).state?.known?.agreement ?? {};
  const quiet = world.nodes.every((node) => node.fence === null);
  return quiet && fence?.mayHaveRun === true && allowed(model, world, { i, verb: 'rollback', aIsOpen: fence.attempt });
}

function allowed(model: Model, world: World, { i, verb, aIsOpen }: { i: number; verb: Command['verb']; aIsOpen?: number }): boolean {
  const state = nodeAt(world, i).state;
  const epoch = state?.known?.agreement?.epoch;
  return (
    state !== null &&
    epoch !== undefined &&
    state.command === null &&
    refusalOf(state, commandOf(verb, epoch, aIsOpen === undefined ? {} : { aIsOpen }), momentOf(model, world, i)) === null
  );
}

function commandOf(verb: Command['verb'], epoch: number, more: Partial<Command> = {}): Command {
  return { verb, id: verb, epoch, by: 'operator', ...more };
}

/** The world after an action; throws a {@link Violation} when a promise is broken. */
export function act(model: Model, world: World, action: Action): World {
  const next = answering(model, action.node < 0 ? happen(model, world, action) : (setClock(model, world, action) ?? perform(model, world, action)));
  checkStore(model, { before: world, after: next, action });
  return next;
}

function happen(model: Model, world: World, { name }: Action): World {
  if (name === 'tick') return tick(model, world);
  return { ...world, version: world.version + 1, agreement: null, faults: { ...world.faults, empty: world.faults.empty - 1 } };
}

function tick(model: Model, world: World): World {
  const late = actionsOf(model, world).some(({ name }) => prompt.has(name));
  const delay = Math.max(0, world.faults.delay - (late ? 1 : 0));
  const nodes = world.nodes.map((node, i) => (node.asleep ? { ...node, slept: node.slept + 1 } : { ...node, silent: silenceOf(model, world, i) }));
  let next: World = { ...world, nodes, time: world.time + 1, faults: { ...world.faults, delay } };
  for (let i = 0; i < world.nodes.length; i++) if (isUp(nodeAt(next, i))) next = deliver(model, next, { i, event: { kind: 'tick' } });
  return next;
}

function perform(model: Model, world: World, { name, node: i }: Action): World {
  const node = nodeAt(world, i);
  const { faults } = world;
  const spend = (fault: keyof Faults): World => ({ ...world, faults: { ...faults, [fault]: faults[fault] - 1 } });
  const send = (from: World, event: Event): World => deliver(model, from, { i, event });
  switch (name) {
    case 'heal':
      return withNode(world, i, { ...node, linked: true });
    case 'cut':
      return withNode(spend('cut'), i, { ...node, linked: false });
    case 'restart':
      return restart(model, world, i);
    case 'twin':
      return restart(model, withNode(spend('twin'), i, { ...node, gone: false }), i);
    case 'crash':
      return { ...withNode(spend('crash'), i, crashed(model, node)), ...maybeFenced(world, node) };
    case 'wipe':
      return { ...withNode(spend('wipe'), i, { ...crashed(model, node), disk: null, diskNext: false, obeyed: null }), ...maybeFenced(world, node) };
    case 'gone':
      return { ...withNode(spend('forget'), i, { ...crashed(model, node), gone: true }), ...maybeFenced(world, node) };
    case 'swap':
      return isDisplaced(world, i) ? displaced(model, world, i) : swap(model, world, i);
    case 'ghost':
      return node.ghost === null
        ? world
        : { ...withNode(world, i, { ...node, ghost: null }), version: world.version + 1, agreement: node.ghost.agreement };
    case 'lose': {
      const lost = withNode(node.linked ? spend('lose') : world, i, { ...node, request: null, ghost: node.request });
      return send(lost, { kind: 'unreachable', id: node.request?.id ?? 0, reason: 'no answer' });
    }
    case 'read':
      return isDisplaced(world, i) ? displaced(model, world, i) : read(model, world, i);
    case 'disk': {
      const writing = node.state?.writing;
      return writing == null
        ? world
        : send(withNode(world, i, { ...node, disk: writing.view, diskNext: writing.plan.name === model.next?.name }), {
            kind: 'durable',
            seq: writing.seq,
          });
    }
    case 'fence':
      return fenced(model, { ...world, ...maybeFenced(world, node) }, { i, outcome: 'done' });
    case 'fence-fails':
      return fenced(model, spend('fenceFails'), { i, outcome: 'failed' });
    case 'fence-cut':
      return fenced(model, { ...spend('fenceCut'), ...maybeFenced(world, node) }, { i, outcome: 'unknown' });
    case 'replan':
      return replan(model, withNode(spend('replan'), i, { ...node, replanned: true }), i);
    case 'ill':
      return send(spend('unhealthy'), { kind: 'check', side: 'to', healthy: false });
    case 'well':
      return send(world, { kind: 'check', side: 'to', healthy: true });
    case 'rollback-a-is-open': {
      const { epoch, fence } = node.state?.known?.agreement ?? { epoch: 0, fence: { attempt: 0 } };
      const command = commandOf('rollback', epoch, { aIsOpen: fence.attempt });
      return send({ ...spend('aIsOpen'), fenceMayHaveRun: false }, { kind: 'operator', command });
    }
    case 'again':
      return send(spend('again'), { kind: 'operator', command: commandOf('advance', node.state?.known?.agreement?.epoch ?? 0) });
    case 'start':
    case 'rollback':
      return send(spend(name), { kind: 'operator', command: commandOf(name, node.state?.known?.agreement?.epoch ?? 0) });
    default:
      return forget(model, world, { name, i });
  }
}

/** A clock is set, or a machine falls asleep or wakes; null: it is something else. */
function setClock(model: Model, world: World, { name, node: i }: Action): World | null {
  const node = nodeAt(world, i);
  if (name === 'wake') return deliver(model, withNode(world, i, { ...node, asleep: false }), { i, event: { kind: 'tick' } });
  if (name !== 'forward' && name !== 'back' && name !== 'sleep') return null;
  const spent = { ...world, faults: { ...world.faults, [name]: world.faults[name] - 1 } };
  if (name === 'sleep') return withNode(spent, i, { ...node, asleep: true });
  const shift = node.shift + (name === 'forward' ? model.stride : -model.stride);
  return deliver(model, withNode(spent, i, { ...node, shift }), { i, event: { kind: 'tick' } });
}

/** `forget-2`: the operator, who knows that replica 2 is gone for good, says so to this one. */
function forget(model: Model, world: World, { name, i }: { name: string; i: number }): World {
  const epoch = nodeAt(world, i).state?.known?.agreement?.epoch ?? 0;
  return deliver(model, world, { i, event: { kind: 'operator', command: commandOf('forget', epoch, { replica: name.slice('forget-'.length) }) } });
}

function fenced(model: Model, world: World, { i, outcome }: { readonly i: number; readonly outcome: FenceOutcome }): World {
  const node = nodeAt(world, i);
  const event: Event = { kind: 'fenced', attempt: node.fence ?? 0, outcome, output: '' };
  return deliver(model, withNode(world, i, { ...node, fence: null }), { i, event });
}

/** A fence whose runner goes down may have run, or run on. */
function maybeFenced({ fenceMayHaveRun }: World, { fence }: Node): Pick<World, 'fenceMayHaveRun'> {
  return { fenceMayHaveRun: fenceMayHaveRun || fence !== null };
}

/** Whether a replica hears from the store that a twin has taken its name. */
function isDisplaced(world: World, i: number): boolean {
  return i === 0 && world.usurped;
}

function displaced(model: Model, world: World, i: number): World {
  const node = nodeAt(world, i);
  return { ...withNode(world, i, { ...crashed(model, node), ghost: null, gone: true }), ...maybeFenced(world, node) };
}

/** A twin takes its name before anything else. */
function read(model: Model, world: World, i: number): World {
  const heard = i === model.twin ? claim(world) : world;
  return deliver(model, heard, { i, event: { kind: 'read', version: held(heard), agreement: heard.agreement } });
}

function claim(world: World): World {
  const { agreement } = world;
  if (world.usurped || agreement === null) return world;
  return { ...world, usurped: true, version: world.version + 1, agreement: setApart(agreement, { replica: replicaName(0), as: 'a~1' }) };
}

/** What was on its way to a store may still arrive; what was not yet in a file of this machine is lost. */
function crashed(model: Model, node: Node): Node {
  const ghost = model.plan.store === 'journal' ? null : (node.request ?? node.ghost);
  return { ...node, state: null, request: null, ghost, fence: null, leased: { from: 0, to: 0 } };
}

function restart(model: Model, world: World, i: number): World {
  const node = nodeAt(world, i);
  const configured = (node.replanned ? model.next : undefined) ?? model.plan;
  const plan = node.disk === null || node.diskNext ? configured : model.plan;
  const state = begin({ plan, replica: nameOf(model, i), view: node.disk, now: momentOf(model, world, i), rules: model.rules });
  const running = deliver(model, withNode(world, i, { ...node, state }), { i, event: { kind: 'tick' } });
  return plan === configured ? running : replan(model, running, i);
}

function replan(model: Model, world: World, i: number): World {
  return deliver(model, world, { i, event: { kind: 'plan', plan: model.next ?? model.plan } });
}

function swap(model: Model, world: World, i: number): World {
  const node = nodeAt(world, i);
  const { request } = node;
  if (request === null) return world;
  const rest = withNode(world, i, { ...node, request: null });
  if (request.expect !== held(world)) {
    return deliver(model, rest, { i, event: { kind: 'conflict', id: request.id, version: held(world), agreement: world.agreement } });
  }
  const version = world.version + 1;
  return deliver(model, { ...rest, version, agreement: request.agreement }, { i, event: { kind: 'committed', id: request.id, version } });
}

function deliver(model: Model, world: World, { i, event }: { i: number; event: Event }): World {
  const node = nodeAt(world, i);
  if (node.state === null || node.asleep) return world;
  const { state, effects } = step(node.state, event, momentOf(model, world, i));
  // What leads to the B of one plan leads to the A of the next.
  const { leased } = node;
  const turned = state.plan.name === node.state.plan.name ? leased : { from: leased.to, to: 0 };
  return withNode(world, i, effects.reduce(applied, { ...node, state, leased: turned }));
}

function applied(node: Node, effect: Effect): Node {
  if (effect.kind === 'commit') return { ...node, request: { id: effect.id, expect: effect.expect, agreement: effect.agreement } };
  return effect.kind === 'fence' ? { ...node, fence: effect.attempt } : node;
}
