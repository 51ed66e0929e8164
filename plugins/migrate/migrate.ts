// One plan in one server block: answers its names as the plan stands.
import { join } from 'node:path';
import {
  type Awaitable,
  after,
  type Capability,
  capability,
  ExtendedError,
  type Handle,
  type Instance,
  isPromise,
  type MetadataKey,
  type Move,
  makeQuery,
  metadataKey,
  migration,
  type Next,
  type PoolService,
  poolService,
  provide,
  type Query,
  QueryClass,
  Reply,
  type SetupContext,
  type StartContext,
} from 'ferrydns/plugin';
import { openDoor, type Told } from './admin.ts';
import { Guard } from './guard.ts';
import { type Hub, hubOf } from './hub.ts';
import { PlanMetrics } from './metrics.ts';
import { indexed, type Replies } from './replies.ts';
import type { Runner } from './runner.ts';
import { type Status, statusOf } from './status.ts';
import { Upstream } from './upstream.ts';
import { Watch } from './watch.ts';

const planKey: MetadataKey<string> = metadataKey('migrate/plan', 'the plan that moves the name');
const targetKey: MetadataKey<string> = metadataKey('migrate/target', 'what the answer leads to: from, to or both');

/** The plans of a server block, as they know each other. */
const planInBlock: Capability<Migrate> = capability('planInBlock');

/** Milliseconds between two looks at the time. */
const pace = 100;
/** Queries held at the same time. */
const mostHeld = 10_000;

const notReady = Reply.decline('SERVFAIL', ExtendedError.NOT_READY);
const nobody = { address: '127.0.0.1', port: 0, family: 4, transport: 'tcp', localAddress: '127.0.0.1', localPort: 0 } as const;

export interface MigrateSettings {
  readonly move: Move;
  /** The absolute path of the journal; undefined for the usual place. */
  readonly journal: string | undefined;
  /** Undefined: no door is opened. */
  readonly admin: string | undefined;
}

export class Migrate implements Instance, Told {
  readonly name: string;
  readonly handle: Handle;
  readonly provides = [provide(planInBlock, this)];
  private readonly configured: MigrateSettings;
  private readonly context: SetupContext;
  private readonly hub: Hub;
  private readonly metrics: PlanMetrics;
  private readonly guard: Guard;
  private index: ReadonlyMap<number, readonly Replies[]> = new Map();
  private started: { readonly runner: Runner; readonly context: StartContext } | undefined;
  private watch: Watch | undefined;
  private upstream: Upstream | undefined;

  constructor(settings: MigrateSettings, context: SetupContext) {
    const { move } = settings;
    this.name = move.plan.name;
    this.configured = settings;
    this.context = context;
    this.hub = hubOf(context.metrics);
    this.metrics = new PlanMetrics(context.metrics, this.name);
    this.guard = new Guard({ move, hits: this.metrics.guardHits, log: context.log });
    this.handle = (query, next) => this.answer(query, next);
  }

  get runner(): Runner {
    if (this.started === undefined) throw new Error(`plan ${this.name} has not been started`);
    return this.started.runner;
  }

  status(): Status {
    return statusOf({ move: this.configured.move, runner: this.runner, upstream: this.upstream });
  }

  /** A plan in the middle of a move does not go by oversight. */
  yield(successors: readonly Instance[]): void {
    const { started } = this;
    if (started === undefined || started.runner.agreed?.paused === true) return;
    if (successors.some((next) => next instanceof Migrate && next.name === this.name)) return;
    const { runner } = started;
    const why = runner.moving
      ? `is in ${runner.agreed?.phase}`
      : this.upstreamUndoes(runner)
        ? 'is done, but the upstream still leads to A'
        : undefined;
    if (why === undefined) return;
    throw new Error(`plan ${this.name} ${why}: it cannot be left out of the configuration, expected it to be finished, rolled back or paused before`);
  }

  /** What must never be at A and B would be, were the plan gone. */
  private upstreamUndoes(runner: Runner): boolean {
    const shows = this.upstream?.last?.shows;
    return runner.plan.mode === 'exclusive' && runner.agreed?.phase === 'done' && (shows === 'from' || shows === 'mixed');
  }

  async start(context: StartContext): Promise<void> {
    if (!context.server.primary) throw new Error('a plan is run by one process: multisocket with more than one is not supported beside it yet');
    const siblings = context.peers(planInBlock);
    this.refuseTwice(siblings);
    const { move, journal, admin } = this.configured;
    const file = journal ?? this.context.path(join('ferrydns-migrations', `${this.name}.journal`));
    const runner = await this.hub.attach(this, { move, file, log: this.context.log, now: this.context.now });
    this.started = { runner, context };
    const pool = (name: Move['names'][number]['name']): PoolService | undefined => context.peers(poolService).find((each) => each.name === name);
    this.refusePools(pool);
    const surroundings = { pool, resolve: (query: Query) => context.resolve(query) };
    this.index = indexed(move, surroundings, (name) => makeQuery({ name, type: 'A', client: nobody, receivedAt: 0 }).nameHash);
    // Behind the last plugin there is nobody to ask.
    if (context.handlers.at(-1) !== 'migrate') this.upstream = new Upstream({ move, runner, now: this.context.now, ...surroundings });
    if (admin !== undefined) openDoor(context, admin, { told: this, all: () => this.hub.all() });
    runner.host ??= this;
    context.every(pace, () => this.tick());
  }

  /** From here on the plan is as this configuration says. */
  serving(): void {
    const { started } = this;
    if (started === undefined) return;
    const { runner } = started;
    const { move } = this.configured;
    runner.replan(move.plan);
    runner.host = this;
    const { metrics, now } = this.context;
    const pool = (name: PoolService['name']) => started.context.peers(poolService).find((each) => each.name === name);
    this.watch = new Watch({ move, runner, metrics, now, pool });
    this.metrics.show(runner);
    this.sayWhere(started.context.server);
    this.tick();
  }

  async stop(): Promise<void> {
    this.watch?.stop();
    this.metrics.hide();
    if (this.started?.runner.host === this) this.started.runner.host = undefined;
    this.started = undefined;
    await this.hub.detach(this, this.name);
  }

  /** An address whose port the system chose is told, or nobody would find it. */
  private sayWhere(server: StartContext['server']): void {
    const { admin } = this.configured;
    if (admin?.endsWith(':0') === true) this.context.log.info(`plans are told at ${admin.slice(0, -1)}${server.httpPort(admin)}`);
  }

  private tick(): void {
    const { started } = this;
    if (started === undefined || started.runner.host !== this) return;
    this.watch?.tick();
    this.upstream?.tick();
    started.runner.tick();
  }

  private refuseTwice(siblings: readonly Migrate[]): void {
    for (const other of siblings) {
      if (other === this) continue;
      if (other.name === this.name && other.started !== undefined) throw new Error(`plan ${this.name} is there twice`);
      const held = this.configured.move.names.find(({ name }) => other.configured.move.names.some((theirs) => theirs.name === name));
      if (held !== undefined) throw new Error(`${held.name} is already moved by plan ${other.name}`);
    }
  }

  private refusePools(pool: (name: PoolService['name']) => PoolService | undefined): void {
    for (const target of this.configured.move.names.flatMap(({ from, to }) => [...from, ...to])) {
      if (target.kind === 'pool' && pool(target.pool) === undefined) throw new Error(`no pool ${target.pool} in this server block`);
    }
  }

  private answer(query: Query, next: Next): Awaitable<Reply> {
    const replies = this.find(query);
    if (replies === undefined || this.upstream?.asks(query) === true) return this.pass(query, next);
    return this.steered(query, next, { replies, since: query.receivedAt, attempt: 0 });
  }

  private find(query: Query): Replies | undefined {
    if (query.classCode !== QueryClass.IN) return undefined;
    const candidates = this.index.get(query.nameHash);
    if (candidates === undefined) return undefined;
    for (const each of candidates) if (each.wire.length === query.nameLength && query.asksFor(each.wire, 0)) return each;
    return undefined;
  }

  /** What other names are answered with, once A is given up, is looked at. */
  private pass(query: Query, next: Next): Awaitable<Reply> {
    const phase = this.started?.runner.agreed?.phase;
    if ((phase !== 'draining' && phase !== 'done') || this.upstream?.asks(query) === true) return next(query);
    return after(next(query), (reply) => this.guard.check(reply, query.name));
  }

  private steered(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { runner } = this;
    if (runner.damage !== undefined) return this.refuse();
    const how = runner.steering();
    if (how.kind === 'silent') return this.hold(query, next, asked);
    if (how.kind === 'fixed' && how.answer === 'pass') return next(query);
    const random = how.kind === 'fixed' && how.answer !== 'both' ? 0 : Math.random();
    const client = how.kind === 'canary' ? clientOf(query) : '';
    const { answer, ttl } = migration.steer(runner.state, how, { random, client, waited: 0 });
    if (answer !== 'from' && answer !== 'to' && answer !== 'both') return notReady;
    const given = asked.replies.give(query, { side: answer, ttl, random });
    if (given === undefined) return this.pass(query, next);
    if (!isPromise(given.reply)) return this.hand(query, given.reply, { names: given.names, ttl });
    return given.reply.then((reply) => {
      // What was looked up may have taken so long that the plan stands differently now.
      const current = runner.steering();
      const same = current.kind === how.kind && JSON.stringify(current) === JSON.stringify(how);
      if (same) return this.hand(query, reply, { names: given.names, ttl });
      return asked.attempt < 3 ? this.steered(query, next, { ...asked, attempt: asked.attempt + 1 }) : notReady;
    });
  }

  private hand(query: Query, reply: Reply, { names, ttl }: { readonly names: 'from' | 'to' | 'both' | undefined; readonly ttl: number }): Reply {
    this.metrics.answers[names ?? 'other'].add();
    if (names === undefined) return reply;
    this.runner.handed(query.client.address, names, ttl);
    if (query.metadata !== undefined) {
      query.metadata.set(planKey, this.name);
      query.metadata.set(targetKey, names);
    }
    return reply;
  }

  /** Nothing may be answered: waits a while for that to change, then says so. */
  private hold(query: Query, next: Next, asked: Asked): Awaitable<Reply> {
    const { runner } = this;
    const left = runner.state.timing.hold - (this.context.now() - asked.since);
    if (left <= 0 || runner.held >= mostHeld) return this.refuse();
    this.metrics.answers.held.add();
    return runner.wait(left).then((released) => (released ? this.steered(query, next, asked) : this.refuse()));
  }

  private refuse(): Reply {
    this.metrics.answers.servfail.add();
    return notReady;
  }
}

interface Asked {
  readonly replies: Replies;
  /** When the query came, milliseconds. */
  readonly since: number;
  readonly attempt: number;
}

/** Whom a share of the clients is drawn from: the subnet that the query carries (RFC 7871), the address, or its /64. */
function clientOf(query: Query): string {
  const subnet = query.edns ? query.options.find(({ code }) => code === 8)?.data : undefined;
  if (subnet !== undefined && subnet.length > 4)
    return `subnet ${Buffer.from(subnet.subarray(0, 3)).toString('hex')} ${Buffer.from(subnet.subarray(4)).toString('hex')}`;
  const { address, family } = query.client;
  return family === 4 ? address : address.split(':', 4).join(':');
}
