// Which listeners the server blocks of a configuration need, and which blocks answer at each.
import { ConfigError, type Place } from '../config/error.ts';
import type { Route } from '../dns/client.ts';
import { defaultConnections, defaultStreams, defaultTimeouts, type StreamSettings, type TlsSettings } from '../transport/stream-settings.ts';
import type { ListenerTransport } from '../transport/transports.ts';
import { type Block, serverName } from './block.ts';
import { buildChain, escortsOf, stepsOf } from './chain.ts';
import type { Answering } from './responder.ts';
import { wireStepsOf } from './wire-steps.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** A listener and the server blocks behind it, in the order of the configuration. */
export interface PlannedListener {
  /** As metrics and logs name it. */
  readonly name: string;
  readonly transport: ListenerTransport;
  /** Empty for every address of the machine. */
  readonly address: string;
  readonly port: number;
  readonly routed: readonly RoutedBlock[];
  readonly blocks: readonly Block[];
  readonly settings: StreamSettings;
  /** How many processes have sockets of it: what the first of its blocks says, as in CoreDNS. */
  readonly sockets: number;
}

/** A listener that a configuration needs, with what answers there. */
export interface ListenerPlan extends Omit<PlannedListener, 'routed' | 'blocks'> {
  readonly answering: Answering;
}

/** What planning needs to know beside the blocks. */
export interface PlanningContext {
  /** Plugins that are part of the server. */
  readonly builtIn: ReadonlySet<string>;
  /** Where to listen when a block has no `bind`: empty for every address. */
  readonly defaultAddress: string;
  /** The same route for the same listener, zone and view over all reloads. */
  route(server: string, zone: string, view: string): Route;
}

/** A listener while the blocks that it serves are gathered. */
interface ListenerDraft {
  readonly name: string;
  readonly transport: ListenerTransport;
  readonly address: string;
  readonly port: number;
  readonly routed: RoutedBlock[];
  readonly blocks: Set<Block>;
  /** Where blocks without a view are that have a zone for themselves. */
  readonly places: Map<string, Place>;
}

/** Milliseconds until a client is told that a plugin does not answer: clients give up after 5 seconds (resolv.conf(5)). */
const patienceOfClients = 4750;
/** Milliseconds between the end of a plugin's own patience and that of the server. */
const margin = 250;

/** Milliseconds until a query of the block is given up. What a plugin says for itself it is left the time to say. */
function patienceOf({ uses, settings }: Block): number {
  return settings.timeLimit ?? Math.max(patienceOfClients, ...uses.map(({ instance }) => (instance.patience ?? 0) + margin));
}

/** The listeners that the blocks need, and what keeps them from being opened. */
export function planListeners(blocks: readonly Block[], context: PlanningContext): { listeners: PlannedListener[]; problems: ConfigError[] } {
  const drafts = new Map<string, ListenerDraft>();
  const problems: ConfigError[] = [];
  const all = blocks.flatMap((block) => block.uses);
  for (const block of blocks) {
    const { uses, place, settings } = block;
    const stages = { steps: stepsOf(uses, context.builtIn), escorts: escortsOf(uses, all, context.builtIn) };
    const answers = { chain: buildChain(stages), transfers: settings.transfers === true, wire: wireStepsOf(uses), patience: patienceOf(block) };
    const rest = { ...answers, udpSize: settings.udpSize, ...stages, uses, place, ...block.choice };
    for (const { draft, zone } of placesOf(block, drafts, context.defaultAddress)) {
      if (rest.admits === undefined) {
        if (draft.places.has(zone)) problems.push(defined(draft, zone, block.place));
        draft.places.set(zone, block.place);
      }
      draft.blocks.add(block);
      draft.routed.push({ ...rest, route: context.route(draft.name, zone, block.settings.view ?? '') });
    }
  }
  const listeners = [...drafts.values()];
  problems.push(...overlaps(listeners), ...conflicts(listeners), ...withoutCertificate(listeners));
  return { listeners: listeners.map(planned), problems };
}

/** The listeners and zones of a block; a listener that is not among the drafts yet is added. */
function placesOf({ keys, settings }: Block, drafts: Map<string, ListenerDraft>, defaultAddress: string): { draft: ListenerDraft; zone: string }[] {
  return keys.flatMap(({ transport, zone, port }) =>
    (settings.addresses ?? [defaultAddress]).map((address) => {
      const name = serverName(transport, address, port);
      const draft: ListenerDraft = drafts.get(name) ?? { name, transport, address, port, routed: [], blocks: new Set(), places: new Map() };
      drafts.set(name, draft);
      return { draft, zone };
    }),
  );
}

function planned({ name, transport, address, port, routed, blocks: gathered }: ListenerDraft): PlannedListener {
  const blocks = [...gathered];
  const [first] = blocks;
  return { name, transport, address, port, routed, blocks, settings: streamSettings(transport, blocks), sockets: first?.settings.sockets ?? 1 };
}

function streamSettings(transport: ListenerTransport, blocks: readonly Block[]): StreamSettings {
  const limits = Object.assign({}, ...blocks.map(({ settings }) => settings.limits?.[transport] ?? {}));
  return {
    timeouts: Object.assign({}, defaultTimeouts, ...blocks.map(({ settings }) => settings.timeouts ?? {})),
    connections: defaultConnections[transport],
    streams: defaultStreams,
    ...limits,
    tls: tlsOf(blocks),
    proxy: blocks.findLast(({ settings }) => settings.proxy !== undefined)?.settings.proxy,
  };
}

/** One listener has one certificate: that of the last block which states one, as in CoreDNS. */
function tlsOf(blocks: readonly Block[]): TlsSettings | undefined {
  return blocks.findLast(({ settings }) => settings.tls !== undefined)?.settings.tls;
}

function defined(where: ListenerDraft, zone: string, place: Place): ConfigError {
  return new ConfigError(`cannot serve ${describe(where, zone)} - it is already defined`, { place });
}

/** A zone served on one address of a port and, by another block, on all of them. */
function overlaps(all: readonly ListenerDraft[]): ConfigError[] {
  return all.flatMap((bound) => {
    const unbound = all.find(({ transport, address, port }) => address === '' && port === bound.port && transport === bound.transport);
    if (bound.address === '' || unbound === undefined) return [];
    return [...bound.places].flatMap(([zone, place]) => {
      if (!unbound.places.has(zone)) return [];
      const message = `cannot serve ${describe(bound, zone)} - zone overlap listener capacity with ${describe(unbound, zone)}`;
      return [new ConfigError(message, { place })];
    });
  });
}

/** Two transports at one port: whichever opened first would keep the other from starting. */
function conflicts(all: readonly ListenerDraft[]): ConfigError[] {
  return all.flatMap((later, i) => {
    const earlier = all.slice(0, i).find((each) => each.transport !== later.transport && shareSocket(each, later));
    const place = [...later.blocks][0]?.place;
    const other = [...(earlier?.blocks ?? [])][0]?.place;
    if (earlier === undefined || place === undefined || other === undefined) return [];
    const message = `cannot serve ${later.name} - ${earlier.name} at ${other.file}:${other.line} has this port`;
    return [new ConfigError(message, { place, expected: 'a port of its own for each transport' })];
  });
}

function shareSocket(a: ListenerDraft, b: ListenerDraft): boolean {
  return a.port !== 0 && a.port === b.port && (a.address === b.address || a.address === '' || b.address === '');
}

/** Encrypted transports that would be served in plain text. */
function withoutCertificate(all: readonly ListenerDraft[]): ConfigError[] {
  return all.flatMap(({ transport, name, blocks }) => {
    const [first] = blocks;
    if (transport === 'dns' || first === undefined || tlsOf([...blocks]) !== undefined) return [];
    const message = `${name} has no certificate, so it would be served in plain text`;
    return [new ConfigError(message, { place: first.place, expected: "'tls CERT KEY' in this server block" })];
  });
}

function describe({ transport, port, address }: ListenerDraft, zone: string): string {
  return `${transport}://${zone}:${port}${address === '' ? '' : ` on ${address}`}`;
}
