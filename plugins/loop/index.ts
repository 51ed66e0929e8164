// Ends the process when queries that it forwards come back to it: asks itself a question of its own at start, and counts how often it sees that.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  definePlugin,
  type Name,
  parseName,
  type Query,
  Reply,
  root,
  type SharedState,
  type StartContext,
  sharedState,
  typeCode,
} from 'ferrydns/plugin';
import { probe, type Target } from './probe.ts';

/** Milliseconds after which a server that cannot be asked is given up. */
const longest = 30_000;
/** Milliseconds between two attempts. */
const pause = 1000;
/** A question may come twice, for a client may ask again. */
const mostSightings = 2;
const hinfo = typeCode('HINFO');

export default definePlugin({
  name: 'loop',
  summary: 'ends the process when forwarded queries come back to it',
  config: {},
  setup(_options, { zones, now }) {
    const zone = zones[0] ?? root;
    const watch = new Watch(zone);
    let context: StartContext | undefined;
    return {
      handle(query, next) {
        if (!watch.active || query.typeCode !== hinfo || query.name !== watch.name) return next(query);
        if (++watch.sightings <= mostSightings) return next(query);
        // Nothing is passed on any more, so that the loop ends in any case.
        watch.active = false;
        context?.server.fatal(watch.report(query));
        return Reply.decline('SERVFAIL');
      },
      foresee: () => undefined,
      start(given) {
        context = given;
        watch.share(given);
      },
      serving() {
        if (context?.server.primary === true) void watch.run(context, now);
      },
    };
  },
});

/** The question that is asked, and what became of it. */
class Watch {
  active = false;
  sightings = 0;
  /** Nobody can guess it, so nobody can end the process by asking for it. */
  name: Name;
  private readonly zone: Name;
  private target: Target | undefined;
  private question: SharedState<Asked, never> | undefined;

  constructor(zone: Name) {
    this.zone = zone;
    this.name = parseName(`${randomNumber()}.${randomNumber()}.${zone}`.replace(/\.\.$/, '.'));
  }

  /** The question is asked by one process and may come back to any: the others are told what to look for, and for how long. */
  share(context: StartContext): void {
    const changed = (_: string, now: Asked | undefined) => {
      Object.assign(this, now ?? { active: false });
      this.sightings = 0;
    };
    this.question = context.share(asked, { changed });
  }

  /** Asks until a reply comes: whatever it says, the question did not go round in circles. */
  async run({ server, signal }: StartContext, now: () => number): Promise<void> {
    const end = now() + longest;
    this.active = true;
    while (this.active && !signal.aborted && now() < end) {
      this.sightings = 0;
      this.target = targetOf(server.listeners());
      this.question?.set(this.zone, { name: this.name, target: this.target, active: true });
      try {
        if (this.target !== undefined) await probe(this.name, reachable(this.target), signal);
        break;
      } catch {
        await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
    this.active = false;
    this.question?.delete(this.zone);
  }

  report({ client }: Query): string {
    const from = joinHostPort(client.address, client.port);
    const to = joinHostPort(isWildcard(this.target?.address) ? '' : (this.target?.address ?? ''), this.target?.port ?? 0);
    const more = 'see https://coredns.io/plugins/loop#troubleshooting';
    return `plugin/loop: Loop (${from} -> ${to}) detected for zone "${this.zone}", ${more}. Query: "HINFO ${this.name}"`;
  }
}

/** What the process that asks shares with the others while it does, by the zone. */
type Asked = Pick<Watch, 'name' | 'active'> & { readonly target: Target | undefined };

const asked = sharedState<Asked>('asked');

type Listeners = ReturnType<StartContext['server']['listeners']>;

function targetOf(listeners: Listeners): Target | undefined {
  return listeners.find(({ transport }) => transport === 'udp');
}

/** A listener on all addresses is asked on loopback. */
function reachable({ address, port }: Target): Target {
  if (!isWildcard(address)) return { address, port };
  return { address: address === '::' ? '::1' : '127.0.0.1', port };
}

function isWildcard(address: string | undefined): boolean {
  return address === '' || address === '0.0.0.0' || address === '::';
}

function joinHostPort(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** A whole number of 62 bits. */
function randomNumber(): string {
  return (randomBytes(8).readBigUInt64BE() >> 2n).toString();
}
