// Every interleaving of a small world up to a depth: breadth first, so that the first counterexample is a shortest one.
import type { Agreement, View } from '../../src/migration/agreement.ts';
import type { State } from '../../src/migration/state.ts';
import { act, actionsOf } from './model.ts';
import { type Action, type Model, type Node, replicaName, Violation, type World } from './world.ts';

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** How many actions deep every interleaving was seen. */
  readonly depth: number;
  /** States in which B was answered: proof that the search got somewhere. */
  readonly opened: number;
  readonly counterexample: Counterexample | null;
}

export interface Counterexample {
  readonly promise: string;
  readonly actions: readonly Action[];
}

export interface Bounds {
  readonly depth: number;
  /** Stop before a level that would begin with more states seen than this. */
  readonly states: number;
}

/** How a world was come by; worlds themselves are let go once everything that may follow is known. */
interface Path {
  readonly action: Action;
  readonly from: Path | null;
}

interface Seen {
  readonly world: World;
  readonly path: Path | null;
}

export function explore(model: Model, start: World, bounds: Bounds): Exploration {
  const known = new Set<number>([keyOf(start)]);
  let level: Seen[] = [{ world: start, path: null }];
  let transitions = 0;
  let opened = 0;
  let depth = 0;
  while (depth < bounds.depth && level.length > 0 && known.size < bounds.states) {
    const next: Seen[] = [];
    for (const tried of followers(model, level)) {
      transitions++;
      if ('promise' in tried) return { states: known.size, transitions, depth: depth + 1, opened, counterexample: tried };
      const before = known.size;
      if (known.add(keyOf(tried.world)).size === before) continue;
      if (tried.world.answeredB) opened++;
      next.push(tried);
    }
    level = next;
    depth++;
  }
  return { states: known.size, transitions, depth, opened, counterexample: null };
}

function* followers(model: Model, level: readonly Seen[]): Generator<Seen | Counterexample> {
  for (const seen of level) for (const action of actionsOf(model, seen.world)) yield attempt(model, seen, action);
}

function attempt(model: Model, from: Seen, action: Action): Seen | Counterexample {
  try {
    return { world: act(model, from.world, action), path: { action, from: from.path } };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    const actions = [action];
    for (let path = from.path; path !== null; path = path.from) actions.unshift(path.action);
    return { promise: error.message, actions };
  }
}

/** The world reached by doing these in order. */
export function replay(model: Model, start: World, actions: readonly Action[]): World {
  return actions.reduce((world, action) => act(model, world, action), start);
}

/** Does everything that can be done without time or fault, over and over: the world at rest. */
export function settled(model: Model, start: World): World {
  let world = start;
  for (let i = 0; i < 1000; i++) {
    const action = actionsOf(model, world).find(({ name }) => ['restart', 'heal', 'wake', 'disk', 'swap', 'read', 'fence'].includes(name));
    if (action === undefined) return world;
    world = act(model, world, action);
  }
  throw new Error('the world does not come to rest');
}

/** A counterexample as a person reads it: what happened, and what each replica answered by then. */
export function trace(model: Model, start: World, { promise, actions }: Counterexample): string {
  const lines = [`counterexample of ${actions.length} steps: ${promise}`];
  let world = start;
  for (const [i, action] of actions.entries()) {
    try {
      world = act(model, world, action);
    } catch {
      lines.push(`${String(i + 1).padStart(3)}. ${title(action).padEnd(14)} ← here`);
      break;
    }
    lines.push(
      `${String(i + 1).padStart(3)}. ${title(action).padEnd(14)} t=${world.time} store ${storeWords(world)} | ${world.nodes.map(nodeWords).join(' | ')}`,
    );
  }
  return lines.join('\n');
}

function title({ name, node }: Action): string {
  return node < 0 ? name : `${replicaName(node)} ${name}`;
}

function storeWords({ agreement }: World): string {
  if (agreement === null) return 'empty';
  const { epoch, phase, flip, fence, members } = agreement;
  const F = flip === null ? '' : ` F=${flip.at / 1000 - 1000} acks ${Object.keys(flip.acks).join('')}${flip.committed ? ' committed' : ''}`;
  return `e${epoch} ${phase}${F}${fence.state === 'none' ? '' : ` fence ${fence.state}`} (${Object.keys(members).join('')})`;
}

function nodeWords(node: Node, i: number): string {
  const name = replicaName(i);
  if (node.state === null) return `${name} down`;
  const { view } = node.state;
  const F = view?.flip == null ? '' : ` F=${view.flip.at / 1000 - 1000}`;
  return `${name} ${view === null ? 'fresh' : `${view.phase}${F}`}${node.linked ? '' : ' cut'}`;
}

/**
 * A number for everything that decides what may follow. Times are taken relative to now and long past ones are one, versions and beats
 * relative to the newest, so that worlds that behave alike are one.
 */
export function keyOf(world: World): number {
  const now = world.time * 1000;
  const at = (wall: number) => (wall === 0 ? 'z' : Math.max(-8, Math.round((wall - now - 1_000_000) / 1000)));
  const mono = (time: number | null) => (time === null ? 'z' : Math.max(-8, Math.round((time - now) / 1000)));
  const agreement = (value: Agreement | null) => (value === null ? null : agreementKey(value, world, at));
  const text = JSON.stringify([
    agreement(world.agreement),
    world.nodes.map((node, i) => nodeKey(node, { agreement, at, mono, world, name: replicaName(i) })),
    Object.values(world.faults),
    [world.answeredB, world.off, world.fenceMayHaveRun, world.usurped, Math.max(0, world.leaseOnA - world.time)],
  ]);
  return hash(text);
}

interface KeyParts {
  readonly agreement: (value: Agreement | null) => unknown;
  readonly at: (wall: number) => unknown;
  readonly mono: (time: number | null) => unknown;
  readonly world: World;
  readonly name: string;
}

function nodeKey(node: Node, parts: KeyParts): unknown {
  const { agreement, at, world } = parts;
  const mono = (time: number | null) => parts.mono(time === null ? null : time + node.slept * 1000);
  const held = world.agreement === null ? 0 : world.version;
  const request = (value: Node['request']) => (value === null ? null : value.expect === held ? agreement(value.agreement) : 'late');
  const ghost = node.ghost !== null && node.ghost.expect === held ? agreement(node.ghost.agreement) : null;
  const clocks = [node.shift, node.slept, node.asleep, node.silent];
  const flags = [clocks, node.linked, node.gone, request(node.request), ghost, node.fence !== null];
  return [
    flags,
    viewKey(node.disk, at),
    [node.diskNext, node.replanned, node.state?.plan.name, node.state?.next?.name],
    node.state === null ? null : stateKey(node.state, { ...parts, mono }),
    mono(node.leased.from === 0 ? null : node.leased.from),
    node.obeyed === null ? null : Object.values(node.obeyed),
  ];
}

function stateKey(state: State, { agreement, at, mono, world }: KeyParts): unknown {
  const known =
    state.known === null ? null : state.known.version === world.version && world.agreement !== null ? 'now' : agreement(state.known.agreement);
  const peers = Object.entries(state.seen).map(([replica, { beat, mono: since }]) => [
    replica,
    beat - (world.agreement?.members[replica]?.beat ?? 0),
    mono(since),
  ]);
  const late = [state.fencing?.result, state.fencing?.attempt, state.begunFence, state.skewedBy, state.command?.verb, state.unhealthy.to !== null];
  return [
    viewKey(state.view, at),
    state.writing === null ? null : viewKey(state.writing.view, at),
    known,
    mono(state.renewed),
    peers,
    mono(state.restart.from === 0 ? null : state.restart.from),
    mono(state.stated === null ? null : state.stated.from),
    mono(state.sending?.sent ?? null),
    late,
    at(state.readAt ?? 0),
    clockKey(state, at),
    [agreement(state.lost), mono(state.emptySince)],
  ];
}

function clockKey({ clock, aborted }: State, at: KeyParts['at']): unknown {
  return [clock.wall - clock.mono, clock.offset, clock.ahead, clock.slept, clock.untold, at(clock.behind ?? 0), aborted !== null];
}

function viewKey(view: View | null, at: (wall: number) => unknown): unknown {
  return view === null
    ? null
    : [view.epoch, view.phase, view.flip === null ? null : [view.flip.round, at(view.flip.at)], view.member, view.bound, view.settled, view.others];
}

function agreementKey(value: Agreement, world: World, at: (wall: number) => unknown): unknown {
  const members = Object.entries(value.members).map(([replica, member]) => [
    replica,
    member.beat - (world.agreement?.members[replica]?.beat ?? 0),
    at(member.stamp),
    member.bound,
    member.epoch,
    member.phase,
    at(member.since),
    member.settled,
    member.ill,
    at(member.lease.from),
  ]);
  const { flip, fence } = value;
  const flipKey =
    flip === null ? null : [flip.round, at(flip.at), flip.committed, Object.entries(flip.acks).map(([replica, end]) => [replica, at(end)])];
  return [
    value.epoch,
    value.phase,
    at(value.since),
    flipKey,
    [fence.state, fence.by, fence.attempt, fence.mayHaveRun],
    members,
    value.restored === undefined ? null : value.restored.by,
    at(value.floor.from),
  ];
}

/** 53 bits: of a million states two share a number with a chance of one in ten thousand. */
function hash(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b) ^ (high >>> 13);
  }
  return (high >>> 0) * 2 ** 21 + ((low >>> 0) & 0x1fffff);
}
