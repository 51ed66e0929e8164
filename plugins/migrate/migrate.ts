// One plan in one server block: answers its names as the plan stands.

import { movedPlan, type PoolService, poolService, upstreamService } from 'ferrydns/built-in';
import { adminUse, chosenAdminAddress, openAdmin } from 'ferrydns/built-in/admin';
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { migration } from 'ferrydns/built-in/moves';
import {
  type ExamineContext,
  type Handle,
  type Instance,
  type Name,
  type Provided,
  provide,
  type Query,
  type SetupContext,
  type StartContext,
} from 'ferrydns/plugin';
import type { AdminPlan } from './admin/admin-plan.ts';
import { plans } from './admin/collection.ts';
import { Answering } from './answer/answering.ts';
import { explainUnstarted } from './answer/explain.ts';
import { Guard } from './answer/guard.ts';
import { Overruled } from './answer/overruled.ts';
import { isAlike, PlanInRecord } from './answer/plan-in-record.ts';
import type { Surroundings } from './answer/replies.ts';
import { SideAddresses } from './answer/side-addresses.ts';
import { examinePlan, isOfOthers, type Planned, planned, plansIn } from './examine.ts';
import { JournalUnwritable } from './journal/folder.ts';
import { leavingRefusal } from './leaving.ts';
import { PlanMetrics } from './metrics.ts';
import { Off, off } from './off.ts';
import { PlanServices } from './plan-services.ts';
import { type ProcessPlans, processPlansOf } from './process-plans.ts';
import type { Runner } from './runner/runner.ts';
import type { MigrateSettings } from './settings.ts';
import { statusOf } from './status.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import { isAskedBy } from './watch/asked-behind.ts';
import { Upstream } from './watch/upstream.ts';
import { Watch } from './watch/watch.ts';
import { refuseWaysPast } from './ways.ts';
import type { Follower } from './workers/follower.ts';
import { type FollowerMessage, snapshotState } from './workers/snapshot.ts';

/** Milliseconds between two looks at the time. */
const pace = 100;

export class Migrate implements Instance, Planned, AdminPlan {
  readonly name: string;
  readonly handle: Handle;
  readonly provides: readonly Provided[];
  readonly configured: MigrateSettings;
  readonly instance: Instance;
  private readonly context: SetupContext;
  private readonly processPlans: ProcessPlans;
  private readonly services: PlanServices;
  private readonly sides: ReturnType<typeof migration.sidesOf>;
  /** Opens the store that servers share. */
  private readonly sharedStore: (() => Store) | undefined;
  private readonly metrics: PlanMetrics;
  /** Whether another plan of the configuration moves a name. */
  private isOthers: (name: string) => boolean = () => false;
  /** The first use of the plan in this configuration: it stands for the plan in server blocks that do not hold it. */
  private first: object = this;
  /** Server blocks that answer the names without the plan. */
  private offs: readonly Off[] = [];
  private readonly overruled: Overruled;
  private started: { readonly runner: Runner | undefined; readonly context: StartContext } | undefined;
  private follower: Follower | undefined;
  private answering: Answering | undefined;
  private sideAddresses: SideAddresses | undefined;
  private previous: Migrate | undefined;
  private watch: Watch | undefined;
  private upstream: Upstream | undefined;
  /** Ends the talk with the other processes of the server. */
  private part: () => void = () => {};

  /** `holder` is what stands in the chain for it, where that is not the plan itself. */
  constructor(settings: MigrateSettings, context: SetupContext, holder?: Instance) {
    this.instance = holder ?? this;
    const { move, access } = settings;
    const { name, session } = move.plan;
    const { store: place, record } = move;
    this.sharedStore = place.kind === 'journal' ? undefined : () => openStore({ place, plan: record, session, access });
    this.name = name;
    this.provides = [
      provide(planned, this as Planned),
      provide(adminUse, { label: `plan ${name}`, access: settings.admin }),
      provide(movedPlan, { name, plan: move.plan }),
    ];
    this.configured = settings;
    this.context = context;
    this.sides = migration.sidesOf(move.plan);
    this.services = new PlanServices(move);
    this.processPlans = processPlansOf(context.metrics);
    this.metrics = new PlanMetrics(context.metrics, this.name);
    this.overruled = new Overruled(this.metrics.overruled, context.log);
    this.handle = (query, next) => {
      if (this.answering !== undefined) return this.answering.answer(query, next);
      if (query.explained !== undefined) explainUnstarted(query, move.plan);
      return next(query);
    };
  }

  get runner(): Runner {
    if (this.started?.runner === undefined) throw new Error(`plan ${this.name} is not run by this process, or not yet`);
    return this.started.runner;
  }

  status(): PlanStatus {
    return statusOf({ move: this.configured.move, runner: this.runner, without: this.offs.flatMap((each) => each.exemptions()) });
  }

  /** Refuses a configuration that would drop a plan in the middle of a move, which may be an oversight. */
  yield(successors: readonly Instance[], heirs: (name: Name) => readonly (readonly Instance[])[]): void {
    const runner = this.started?.runner;
    const { record } = this.configured.move;
    // A plan of the same record takes over, or is refused when it starts.
    const holds = (instances: readonly Instance[]) => plansIn(instances).some(({ configured }) => configured.move.record === record);
    const missed = this.configured.move.plan.names.find(({ name }) => !heirs(name).every(holds));
    const stays = holds(successors);
    if (runner === undefined || (stays && missed === undefined)) return;
    const where = missed !== undefined && stays ? `the server block that answers ${missed.name} then` : 'the configuration';
    const refusal = leavingRefusal(runner);
    if (refusal !== undefined) throw new Error(`plan ${this.name} cannot be left out of ${where}: ${refusal}`);
  }

  /** In front of every server block, unless it is said to be without the plan. One that holds the plan itself is seen to by its own use of it. */
  escort(block: readonly Instance[]): Handle | undefined {
    const { plan } = this.configured.move;
    const all = plansIn(block);
    const holds = all.some(({ name }) => name === this.name);
    if ((holds && !all.includes(this)) || block.some((each) => each instanceof Off && each.concerns(plan))) return undefined;
    return (query, next) => {
      if (this.answering === undefined || !(holds || this.first === this)) return next(query);
      return this.answering.escort(query, next, !holds);
    };
  }

  async examine(context: ExamineContext): Promise<void> {
    const all = context.everywhere(planned);
    this.isOthers = isOfOthers(this, all);
    this.first = all.find(({ name }) => name === this.name) ?? this;
    this.offs = context.everywhere(off).filter((each) => each.concerns(this.configured.move.plan));
    await examinePlan(this, this.context, context);
    this.services.examine(context, this.context);
    refuseWaysPast(this, context);
  }

  /** What was learnt of the upstream goes on. */
  adopt(previous: Instance): void {
    if (previous instanceof Migrate && previous.name === this.name) this.previous = previous;
  }

  /** Which side answers is known by the plan's state. */
  foresee(): (query: Query) => boolean {
    return ({ name }) => this.configured.move.words.has(name);
  }

  async start(context: StartContext): Promise<void> {
    const pool = (name: Name): PoolService | undefined => context.peers(poolService).find((each) => each.name === name);
    // The plan, and what is kept of it, belong to the server that runs.
    if (context.server.rehearsing) return;
    const surroundings = {
      pool,
      service: (text: string) => this.services.find(text),
      resolve: (query: Query, cause?: Query) => context.resolve(query, cause),
    };
    const runner = context.server.primary ? await this.lead(context) : undefined;
    const active = runner === undefined ? this.follow(context) : new PlanInRecord(runner, this.configured.move.plan);
    const asksBehind = (query: Query) => runner !== undefined && isAskedBy(runner.upstreams, query);
    const overruled = (query: Query) => {
      this.overruled.note(query, this.name);
      if (runner !== undefined) this.tellOverruled(runner, this.overruled.last);
    };
    const status = context.server.primary ? () => this.status() : undefined;
    const { metrics, isOthers } = this;
    const { move } = this.configured;
    const { now, log } = this.context;
    const sideAddresses = new SideAddresses({ move, surroundings, active, now });
    this.sideAddresses = sideAddresses;
    context.every(pace, () => sideAddresses.tick());
    if (runner !== undefined) this.askBehind(runner, context, { ...surroundings, sideAddresses });
    const guard = new Guard({ move, hits: metrics.guardHits, log, sideAddresses, isOthers });
    this.answering = new Answering({ move, active, surroundings, guard, metrics, now, asksBehind, overruled, status });
  }

  /** Runs the plan, and lets the other processes of the server answer by it. */
  private async lead(context: StartContext): Promise<Runner> {
    const { move, journal, admin, replica } = this.configured;
    const { log, now } = this.context;
    const options = { move, file: journal, replica, connect: this.sharedStore, log, now, starting: context.server.starting };
    const runner = await this.processPlans.attach(this, options).catch((error: unknown) => {
      throw error instanceof JournalUnwritable ? this.context.fail(error.message, 'journal') : error;
    });
    this.started = { runner, context };
    openAdmin<AdminPlan>(context, admin, { collection: plans, name: this.name, member: this });
    const hear = (word: FollowerMessage) => {
      this.tellOverruled(runner, word.overruled);
      runner.followers.hear(word);
    };
    const signals = context.share(snapshotState, { told: hear });
    // Under two keys, so that a grant does not overwrite a call for a message that has not been sent yet, nor the other way round.
    this.part = runner.followers.join((signal) => signals.set(signal.kind === 'grant' ? 'grant' : 'call', signal));
    runner.host ??= this;
    context.every(pace, () => this.tick());
    return runner;
  }

  /** What was answered in another configuration, before or while this one was loaded, is over. */
  private tellOverruled(runner: Runner, text: string | undefined): void {
    if (runner.use === this.first) runner.overruled = text ?? runner.overruled;
  }

  /** Behind the last plugin there is nobody to ask. */
  private askBehind(runner: Runner, context: StartContext, around: Surroundings & { readonly sideAddresses: SideAddresses }): void {
    if (context.handlers.at(-1) === 'migrate') return;
    const upstream = new Upstream({ move: this.configured.move, runner, now: this.context.now, services: context.peers(upstreamService), ...around });
    const before = this.previous?.upstream;
    // What leads to the B of another plan is not B here.
    if (before !== undefined && isAlike(before.sides, this.sides)) upstream.sources.inherit(before.sources);
    this.upstream = upstream;
    this.previous = undefined;
  }

  /** Answers by what the process that runs the plan grants. */
  private follow(context: StartContext): Follower {
    const follower = this.processPlans.follow(this, this.configured.move.plan, this.context.now);
    this.follower = follower;
    this.started = { runner: undefined, context };
    const signals = context.share(snapshotState, {
      changed: (_, signal) => {
        const word = signal && follower.hear(signal);
        if (word !== undefined) signals.tell({ ...word, overruled: this.overruled.last });
      },
    });
    this.part = () => this.processPlans.unfollow(this, this.configured.move.plan, (word) => signals.tell(word));
    return follower;
  }

  /** From here on the plan is as this configuration says. */
  serving(): void {
    const { started } = this;
    if (started === undefined) return;
    const { runner, context } = started;
    const { move } = this.configured;
    if (runner === undefined) {
      this.follower?.replan(move.plan);
      if (this.follower !== undefined) this.metrics.showHeld(this.follower.held);
      return;
    }
    runner.replan(move, this.sharedStore);
    runner.host = this;
    // What was answered before the configuration changed may not be so any more.
    if (runner.use !== this.first) runner.overruled = undefined;
    runner.use = this.first;
    this.metrics.show(runner);
    this.sayWhere(context.server);
    this.tick();
  }

  async stop(): Promise<void> {
    this.watch?.stop();
    this.sideAddresses?.stop();
    this.upstream?.stop();
    this.metrics.hide();
    this.part();
    const { runner, context } = this.started ?? {};
    if (runner?.host === this) runner.host = undefined;
    this.started = undefined;
    await this.processPlans.detach(this, this.configured.move.record, context?.server.stopping === false);
  }

  /** Logs the admin address where the system chose the port: it stands in no configuration. */
  private sayWhere(server: StartContext['server']): void {
    const address = chosenAdminAddress(this.configured.admin, server);
    if (address !== undefined) this.context.log.info(`plans are told at ${address}`);
  }

  private tick(): void {
    const runner = this.started?.runner;
    if (runner === undefined) return;
    const inForce = runner.has(this.sides);
    if (inForce) this.upstream?.tick();
    if (runner.host !== this) return;
    if (inForce) this.look().tick();
    runner.tick();
  }

  /** Only for a plan that is in force: what is found for one that is to take over would be taken for what is found for the other. */
  private look(): Watch {
    if (this.watch !== undefined) return this.watch;
    const { runner, context } = this.started ?? {};
    if (runner === undefined || context === undefined) throw new Error(`plan ${this.name} is not run by this process`);
    const { metrics, log, now } = this.context;
    const pool = (name: Name) => context.peers(poolService).find((each) => each.name === name);
    const resolve = (query: Query) => context.resolve(query);
    const service = (text: string) => this.services.find(text);
    this.watch = new Watch({ move: this.configured.move, runner, metrics, log, now, pool, service, resolve });
    return this.watch;
  }
}
