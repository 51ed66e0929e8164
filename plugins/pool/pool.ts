// One pool: answers its name with the members that are to answer now.
import type { PoolStatus, ServiceAddresses } from 'ferrydns/built-in';
import { type PoolMemberStatus, type PoolService, poolService } from 'ferrydns/built-in';
import { adminUse, chosenAdminAddress, examineAdmin, openAdmin } from 'ferrydns/built-in/admin';
import { type FollowedName, sharedChecks } from 'ferrydns/built-in/checks';
import {
  type Capability,
  capability,
  type ExamineContext,
  type Handle,
  type Instance,
  type MetadataKey,
  metadataKey,
  type Name,
  nameToWire,
  type Provided,
  provide,
  type Query,
  QueryClass,
  type Reply,
  type ServerControl,
  type SetupContext,
  type SharedState,
  type StartContext,
} from 'ferrydns/plugin';
import { type AdminPool, pools, type Verdict } from './admin.ts';
import { type Answer, Answers, noData } from './answers.ts';
import { sayServing } from './explain.ts';
import { followMembers } from './followed-members.ts';
import { FollowedServices } from './followed-services.ts';
import { believe, type Outcome, outcomeOf, outcomeState } from './following.ts';
import { counterpartOf, Group, recordsOf } from './group.ts';
import { Member, type Watch } from './member.ts';
import { PoolMetrics } from './metrics.ts';
import type { PoolSettings } from './options.ts';
import { statusOf } from './status.ts';

const memberKey: MetadataKey<string> = metadataKey('pool/member', 'the members that the answer names, separated by commas');

/** The pools of a server block, as they know each other. */
const poolInBlock: Capability<Pool> = capability('poolInBlock');

/** Milliseconds between two looks at whether a name is to be looked up again, and whether the answer is to be given back. */
const pace = 1000;
/** Milliseconds between two looks at services: nobody is asked for that. */
const servicePace = 100;

export class Pool implements Instance, PoolService, AdminPool {
  readonly name: Name;
  readonly handle: Handle;
  readonly provides: readonly Provided[];
  private readonly configured: PoolSettings;
  private readonly context: SetupContext;
  private readonly wire: Uint8Array;
  private readonly all: readonly Member[];
  private readonly groups: readonly Group[];
  private readonly metrics: PoolMetrics;
  /** The state of each member when it was looked at last, so that a change is told once. */
  private readonly states = new Map<Member, string>();
  /** The pools of this name in the configuration before. */
  private predecessors: Pool[] = [];
  private started = false;
  private followed: readonly FollowedName[] = [];
  private readonly services: FollowedServices;
  /** Whether another process of the server looks at the members and decides who answers. */
  private follows = false;
  /** Of the process that looks at the members. */
  private server: ServerControl | undefined;
  private outcome: SharedState<Outcome, never> | undefined;
  /** When the outcome may change by time alone. */
  private reviewAt = Number.POSITIVE_INFINITY;

  constructor(settings: PoolSettings, context: SetupContext) {
    this.name = settings.name;
    const use = { label: `pool ${this.name}`, access: settings.admin };
    this.provides = [provide(poolInBlock, this), provide(poolService, this as PoolService), provide(adminUse, use)];
    this.configured = settings;
    this.context = context;
    this.wire = nameToWire(settings.name);
    this.metrics = new PoolMetrics(context.metrics, settings.name);
    const watch = this.watch();
    this.all = settings.members.map((spec) => new Member(spec, watch));
    this.services = new FollowedServices(this.all, { log: context.log, moved: (member, found) => this.relocate(member, found) });
    const answers = new Answers({ name: settings.name, ttl: settings.ttl, counterOf: (member) => this.metrics.answersOf(member) });
    this.groups = recordsOf(settings.members).map((records) => new Group(records, this.all, { settings, answers }));
    this.handle = (query, next) => {
      if (query.nameLength !== this.wire.length || !query.asksFor(this.wire, 0) || query.classCode !== QueryClass.IN) return next(query);
      const answer = this.choose(query);
      if (answer === undefined) return settings.fallthrough ? next(query) : noData.reply;
      // The answer to an explanation reaches no client, so no member is counted as given out.
      if (query.explained === undefined) for (const counter of answer.counters) counter.add();
      if (answer.label !== '') tellMembers(query, answer.label);
      return answer.reply;
    };
  }

  get healthy(): boolean | undefined {
    const up = this.all.filter(({ state }) => state === 'up');
    if (up.length === 0) return false;
    return up.some(({ seen }) => seen) ? true : undefined;
  }

  members(): readonly PoolMemberStatus[] {
    this.keepTime(this.context.now());
    const serving = new Set(this.groups.flatMap((group) => group.serving.members));
    return this.all.map((member) => {
      const { label, state, backup, weight } = member;
      return { member: label, state, backup, weight, serving: serving.has(member) };
    });
  }

  addresses(): readonly string[] {
    this.keepTime(this.context.now());
    const serving = this.groups.filter(({ kind }) => kind === 'address').flatMap((group) => group.serving.members);
    return serving.flatMap((member) => member.shown().map(({ text }) => text));
  }

  located(): readonly string[] {
    return this.all.flatMap((member) => member.addresses.map(({ text }) => text));
  }

  answer(query: Query): Reply | undefined {
    const answer = this.choose(query);
    if (answer !== undefined && answer.label !== '') tellMembers(query, answer.label);
    return answer?.reply;
  }

  failback(): boolean {
    return this.giveBack('another plugin').ok;
  }

  giveBack(by: string): Verdict {
    this.keepTime(this.context.now());
    const given = this.groups.filter(({ succession }) => succession.failback());
    if (given.length === 0) return { ok: false, reason: this.groups.map((group) => group.settled).join('; ') };
    this.review();
    const reason = `given back to ${given.flatMap(({ serving }) => serving.members.map(({ label }) => label)).join(', ')}`;
    this.context.log.info(`${this.name}: ${reason}, as asked for by ${by}`);
    return { ok: true, reason };
  }

  status(): PoolStatus {
    this.keepTime(this.context.now());
    return statusOf(this.configured, this.groups);
  }

  /** Who answers, and how far the turns have come, goes on; the checks are shared anyway. */
  yield(successors: readonly Instance[]): void {
    for (const next of successors) if (next instanceof Pool && next.name === this.name) next.predecessors.push(this);
  }

  /** Who is well is known by the checks. */
  foresee(): (query: Query) => boolean {
    return (query) => query.name === this.name;
  }

  start(context: StartContext): void {
    this.follows = !context.server.primary;
    this.outcome = context.share(outcomeState, {
      changed: (_, outcome) => outcome && believe(outcome, { members: this.all, groups: this.groups }),
    });
    const before = this.predecessor();
    this.locate(before);
    for (const group of this.groups) {
      const known = counterpartOf(group, before?.groups);
      if (known !== undefined) group.inherit(known);
    }
    this.started = true;
    if (!this.follows) this.lead(context);
  }

  /** Looks at the members, and tells the other processes what comes of it. */
  private lead(context: StartContext): void {
    for (const member of this.all) this.states.set(member, member.state);
    this.metrics.show(this.all, () => this.groups.some(({ succession }) => succession.pending));
    const { admin } = this.configured;
    openAdmin<AdminPool>(context, admin, { collection: pools, name: this.name, member: this });
    this.server = context.server;
    this.review();
    const { now, log } = this.context;
    const moved = (member: Member, addresses: readonly string[] | undefined) => this.move(member, addresses);
    this.followed = followMembers(this.all, { now, log, moved, resolve: (query) => context.resolve(query) });
    context.every(pace, () => this.keepTime(now()));
    context.every(pace, () => this.lookUp());
    if (this.services.any) context.every(servicePace, () => this.services.tick());
  }

  examine(context: ExamineContext): void {
    const first = context.peers(poolInBlock).find(({ name }) => name === this.name);
    if (first !== this) this.context.fail(`pool ${this.name} is there twice in this server block`, 'name');
    examineAdmin(this.configured.admin, this.context, context);
    this.services.examine(context, this.context);
  }

  serving(): void {
    this.predecessors = [];
    const address = this.server && chosenAdminAddress(this.configured.admin, this.server);
    if (address !== undefined) this.context.log.info(`${this.name}: told of at ${address}`);
    this.lookUp();
  }

  stop(): void {
    this.started = false;
    for (const member of this.all) member.release();
    this.metrics.hide();
  }

  private choose(query: Query): Answer | undefined {
    this.keepTime(query.receivedAt);
    for (const group of this.groups) {
      const answer = group.answer(query);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  private keepTime(now: number): void {
    if (now >= this.reviewAt) this.review();
  }

  /** The outcome may have changed. It is decided once for all that is found in a moment, and before anybody sees it. */
  private doubt(): void {
    if (this.reviewAt === Number.NEGATIVE_INFINITY) return;
    this.reviewAt = Number.NEGATIVE_INFINITY;
    setImmediate(() => this.keepTime(this.context.now()));
  }

  private review(): void {
    if (!this.started || this.follows) return;
    const now = this.context.now();
    for (const group of this.groups) {
      const { by: before } = group.serving;
      const { by, members } = group.review(now);
      this.metrics.serving(group.records, by);
      if (by === before) continue;
      const about = this.groups.length > 1 ? `${this.name} (${group.records})` : this.name;
      this.context.log.warn(`${about}: ${sayServing[by]}${members.length > 0 ? `: ${members.map(({ label }) => label).join(', ')}` : ''}`);
    }
    this.reviewAt = Math.min(...this.groups.map(({ succession }) => succession.reviewAt));
    this.outcome?.set('', outcomeOf({ members: this.all, groups: this.groups }));
  }

  private watch(): Watch {
    const { checks: specs, agent } = this.configured;
    return {
      checks: sharedChecks(this.context),
      specs,
      agent,
      looked: (member, what, { ok }) => this.metrics.looked(member, what, ok),
      changed: (member, why) => {
        this.noteState(member, why);
        this.doubt();
      },
    };
  }

  private noteState(member: Member, why: string): void {
    const { state } = member;
    if (!this.started || this.states.get(member) === state) return;
    this.states.set(member, state);
    this.metrics.moved(member);
    const line = `${this.name}: member ${member.label} is ${state} (${why})`;
    if (state === 'down') this.context.log.warn(line);
    else this.context.log.info(line);
  }

  /** The pool that this one goes on from. Where there are several, in server blocks of their own, it is that of the same block. */
  private predecessor(): Pool | undefined {
    return this.predecessors.find(({ home }) => home === this.home) ?? this.predecessors[0];
  }

  private get home(): string {
    return [this.context.server, ...this.context.zones].join(' ');
  }

  private locate(before: Pool | undefined): void {
    const failing = new Set(before?.all.flatMap((member) => member.failing));
    for (const member of this.all) {
      const { label, spec } = member;
      const known = before?.all.find((other) => other.label === label && other.spec.kind === spec.kind);
      if (!this.follows) member.locate(spec.lookedUp ? (known?.states.map(({ text }) => text) ?? []) : spec.addresses, failing);
      if (known?.pending === false) member.miss();
    }
  }

  /** A name has been looked up. */
  private move(member: Member, addresses: readonly string[] | undefined): void {
    if (!this.started) return;
    if (addresses === undefined) member.miss();
    else member.locate(addresses);
    this.noteState(member, addresses === undefined ? 'its name has no addresses' : `addresses of the name: ${addresses.join(', ')}`);
    this.doubt();
  }

  /** A service has moved, or its endpoints have. */
  private relocate(member: Member, { addresses, trouble }: ServiceAddresses): void {
    if (!this.started) return;
    member.move(addresses, trouble === undefined);
    this.noteState(member, trouble ?? `addresses of the service: ${addresses.join(', ')}`);
    this.doubt();
  }

  private lookUp(): void {
    for (const name of this.followed) name.tick();
    this.services.tick();
  }
}

function tellMembers({ metadata, trail }: Query, members: string): void {
  metadata?.set(memberKey, members);
  if (trail !== undefined) trail.member = members;
}
