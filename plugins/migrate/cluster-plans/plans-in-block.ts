// What stands in the chain of a server block for the plans of ConfigMaps: a plan for each, as if the Corefile named it.
import { join } from 'node:path';
import { clusterServices } from 'ferrydns/built-in';
import { openAdminServer } from 'ferrydns/built-in/admin';
import {
  type Awaitable,
  type Capability,
  capability,
  type ExamineContext,
  ExtendedError,
  type Handle,
  type Instance,
  isSubdomain,
  type Name,
  type Next,
  type Provided,
  provide,
  type Query,
  Reply,
  type SetupContext,
  type StartContext,
  sharedState,
} from 'ferrydns/plugin';
import { planned } from '../examine.ts';
import { JournalUnwritable, probeJournal } from '../journal/folder.ts';
import { Migrate } from '../migrate.ts';
import { processPlansOf } from '../process-plans.ts';
import { PlansApi } from './api.ts';
import { type ClusterPlans, clusterPlansOf, type Host } from './cluster-plans.ts';
import { idOf, moveOf, type PlanText, placeOf, reasonOf } from './plan-text.ts';
import { makeRoom, readRoster } from './roster.ts';
import type { ClusterPlansSettings } from './settings.ts';

/** Milliseconds between two looks. */
const pace = 500;

const notReady = Reply.decline('SERVFAIL', ExtendedError.NOT_READY);
/** Whether it is known which plans there are. */
const heardState = sharedState<boolean>('heard');

interface Held {
  readonly text: PlanText;
  readonly plan: Migrate;
}

/** The server blocks that hold the plans of ConfigMaps. */
const plansInBlock: Capability<PlansInBlock> = capability('plansInBlock');

export class PlansInBlock implements Instance {
  readonly handle: Handle = (query, next) => (this.isUnsettled(query) ? notReady : this.pass(0, query, next));
  private readonly configured: ClusterPlansSettings;
  private readonly context: SetupContext;
  private held: readonly Held[] = [];
  /** The plans that this configuration cannot hold, and why. */
  private readonly leftOut = new Map<PlanText, string>();
  private heard: boolean;
  private isFirst = true;
  private plans: ClusterPlans | undefined;
  private api: PlansApi | undefined;

  constructor(settings: ClusterPlansSettings, context: SetupContext) {
    this.configured = settings;
    this.context = context;
    const roster = readRoster(settings.rosterFile);
    this.heard = roster.heard;
    for (const text of roster.plans) this.hold(text);
  }

  get provides(): readonly Provided[] {
    return [provide(plansInBlock, this as PlansInBlock), ...this.held.flatMap(({ plan }) => plan.provides)];
  }

  escort(block: readonly Instance[]): Handle | undefined {
    const escorts = this.held.flatMap(({ plan }) => plan.escort(block) ?? []);
    if (escorts.length === 0) return undefined;
    return escorts.reduceRight<Handle>(
      (inner, escort) => (query, next) => escort(query, (passed) => inner(passed, next)),
      (query, next) => next(query),
    );
  }

  /** A plan that cannot be held is left out alone: the configuration goes on without it. */
  async examine(context: ExamineContext): Promise<void> {
    this.isFirst = context.everywhere(plansInBlock).find(({ configured }) => configured.rosterFile === this.configured.rosterFile) === this;
    if (context.checking) await this.refuseUnwritable(() => probeJournal(this.configured.rosterFile), true);
    // Plans that come later may choose by anything.
    for (const services of context.everywhere(clusterServices)) services.need();
    for (const each of this.held) {
      try {
        this.refuseOthersNames(each.plan, context);
        await each.plan.examine(context);
      } catch (error) {
        const reason = reasonOf(error);
        for (const block of context.everywhere(plansInBlock)) block.leaveOut(each.text, reason);
      }
    }
  }

  adopt(previous: Instance): void {
    if (!(previous instanceof PlansInBlock)) return;
    for (const { plan } of this.held) {
      const before = previous.held.find((each) => each.plan.name === plan.name);
      if (before !== undefined) plan.adopt(before.plan);
    }
  }

  yield(successors: readonly Instance[], heirs: (name: Name) => readonly (readonly Instance[])[]): void {
    this.plans?.tried(leftOutBy(successors));
    for (const { plan } of this.held) plan.yield(successors, heirs);
  }

  get reasons(): ReadonlyMap<PlanText, string> {
    return this.leftOut;
  }

  async start(context: StartContext): Promise<void> {
    const { primary, rehearsing } = context.server;
    if (!rehearsing) {
      if (primary) await this.refuseUnwritable(() => makeRoom(this.configured.rosterFile));
      const state = context.share(heardState, {
        changed: (_, heard) => {
          this.heard ||= heard === true;
        },
      });
      if (primary && this.isFirst) this.lead(context, () => state.set('', true));
    }
    for (const { plan } of this.held) await plan.start(contextFor(plan, context));
    const { admin } = this.configured;
    if (primary && !rehearsing && admin !== undefined) openAdminServer(context, admin, this.configured.places.text);
  }

  serving(): void {
    this.plans?.loaded(this.leftOut);
    for (const { plan } of this.held) plan.serving();
  }

  ready(): true | string {
    return this.heard || `waiting for the plans of ${this.configured.places.text}`;
  }

  async stop(): Promise<void> {
    this.api?.close();
    for (const { plan } of this.held) await plan.stop();
  }

  private hold(text: PlanText): void {
    const { replica, access, folder, admin } = this.configured;
    try {
      const move = moveOf(text, this.configured);
      this.context.source(placeOf(text), text.text);
      const settings = { move, replica, access, journal: join(folder, `${move.record}.journal`), admin };
      this.held = [...this.held, { text, plan: new Migrate(settings, this.context, this) }];
    } catch (error) {
      this.leftOut.set(text, reasonOf(error));
    }
  }

  /** No server block holds a plan that one of them cannot hold. */
  private leaveOut(text: PlanText, reason: string): void {
    const others = this.held.filter((each) => idOf(each.text) !== idOf(text));
    if (others.length < this.held.length) this.leftOut.set(text, reason);
    this.held = others;
  }

  /** Without a journal no plan could begin, and nobody would know where the names lead that are granted. In a check another user may be asking. */
  private async refuseUnwritable(look: () => Promise<void>, checking = false): Promise<void> {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof JournalUnwritable)) throw error;
      if (checking && error.denied) this.context.warn(error.message, 'journal');
      else this.context.fail(error.message, 'journal');
    }
  }

  /** What the Corefile says of a name goes before what a ConfigMap says. */
  private refuseOthersNames({ name, configured }: Migrate, context: ExamineContext): void {
    for (const other of context.everywhere(planned)) {
      if (other.name === name || other.instance instanceof PlansInBlock) continue;
      const moved = other.configured.move.plan.names.find((each) => configured.move.words.has(each.name));
      if (moved !== undefined) throw new Error(`${moved.name} is moved by plan ${other.name} of the Corefile`);
    }
  }

  /** Reads the ConfigMaps, for all server blocks of this process. */
  private lead(context: StartContext, heard: () => void): void {
    const { log, now, metrics } = this.context;
    const api = new PlansApi(this.configured.access);
    this.api = api;
    const host: Host = {
      settings: this.configured,
      api,
      log,
      now,
      reload: () => context.server.reload(),
      runnerOf: (record) => processPlansOf(metrics).runnerOf(record),
      heard: () => {
        if (this.heard) return;
        this.heard = true;
        heard();
      },
    };
    const plans = clusterPlansOf(metrics, host);
    this.plans = plans;
    context.every(pace, () => plans.tick(host));
  }

  /** Before it is known which plans there are, nobody knows where a name that they may move leads. */
  private isUnsettled({ name }: Query): boolean {
    return !this.heard && [...this.configured.grants.values()].some((zones) => zones.some((zone) => isSubdomain(name, zone)));
  }

  private pass(index: number, query: Query, next: Next): Awaitable<Reply> {
    const held = this.held[index];
    if (held === undefined) return next(query);
    return held.plan.handle(query, (passed) => this.pass(index + 1, passed, next));
  }
}

function leftOutBy(successors: readonly Instance[]): ReadonlyMap<PlanText, string> {
  return new Map(successors.flatMap((each) => (each instanceof PlansInBlock ? [...each.reasons] : [])));
}

/** Several plans share the states of one instance: each under labels of its own. */
function contextFor(plan: Migrate, context: StartContext): StartContext {
  return { ...context, share: (key, listener) => context.share({ label: `${key.label} ${plan.name}` }, listener) };
}
