// Runs one plan: feeds the engine with what happens, does what it wants done, and keeps what is answered by at hand.
import { setTimeout as delay } from 'node:timers/promises';
import { type Move, migration } from 'ferrydns/built-in/moves';
import { messageOf } from 'ferrydns/plugin';
import type { ActivePlan } from '../answer/active-plan.ts';
import { HeldQueries } from '../answer/held-queries.ts';
import { isAlike, type Sides } from '../answer/plan-in-record.ts';
import { Journal, JournalDamage } from '../journal/journal.ts';
import { PlanEdited, recover } from '../journal/recovery.ts';
import { movedBefore } from '../journal/renamed.ts';
import { JournalStore } from '../store/journal-store.ts';
import { Link } from '../store/link.ts';
import type { Kept, Store } from '../store/store.ts';
import type { AskedBehind } from '../watch/asked-behind.ts';
import { Followers } from '../workers/followers.ts';
import { type Snapshot, snapshotOf } from '../workers/snapshot.ts';
import { editRefusal } from './edit.ts';
import { Effects, type Order } from './effects.ts';
import { makeLedger } from './ledger.ts';
import type { RunnerOptions } from './runner-options.ts';
import type { Verdict } from './verdicts.ts';

const { begin, steering, step } = migration;

/** Milliseconds between two looks whether a plan is registered, and beyond a session until nobody waits for that any more. */
const pace = 100;
const patience = 2000;

/** A plan that runs, whatever configurations come and go. */
export class Runner implements ActivePlan {
  readonly file: string;
  state: migration.State;
  ledger: InstanceType<typeof migration.Ledger>;
  readonly held = new HeldQueries();
  /** Why the plan cannot go on and answers nothing; undefined: it does. */
  damage: string | undefined;
  /** What was answered without the plan and not given, the last of it in words, since the configuration was loaded; undefined: nothing. */
  overruled: string | undefined;
  /** The first use of the plan in the configuration that answers: it stands for that. */
  use: object | undefined;
  /** Undefined before it is opened, and after the end. */
  journal: Journal | undefined;
  /** The tie to the store. */
  link: Link | undefined;
  /** Why gates do not hold, by label. */
  readonly gateReasons = new Map<string, string>();
  /** The server block whose ticks move the plan on: of several that have the plan, one. */
  host: object | undefined;
  /** What is asked behind the plugin, by each server block that has something behind it. */
  readonly upstreams = new Set<AskedBehind>();
  /** The other processes of this server. */
  readonly followers: Followers;
  private readonly options: RunnerOptions;
  private effects: Effects | undefined;
  private steered: migration.Steering;
  /** Whether the answer may change with the time alone. */
  private timeDecides = false;
  private connect: RunnerOptions['connect'];

  constructor(options: RunnerOptions) {
    this.options = options;
    this.file = options.file;
    this.connect = options.connect;
    const { plan } = options.move;
    this.ledger = makeLedger(plan);
    this.followers = new Followers({
      now: options.now,
      snapshot: () => this.snapshot(),
      ledger: () => this.ledger,
      slack: () => this.state.timing.slack,
    });
    this.state = begin({ plan, replica: options.replica, view: null, now: this.moment() });
    this.steered = steering(this.state, this.moment());
  }

  get replica(): string {
    return this.options.replica;
  }

  get plan(): migration.Plan {
    return this.state.plan;
  }

  /** What is agreed on, and durable. */
  get agreed(): migration.Agreement | null {
    return this.state.known?.agreement ?? null;
  }

  /** Where that is kept. */
  get place(): string {
    return this.link?.place ?? this.file;
  }

  /** Whether the store answers. Sessions are renewed only while a move is under way; else the last reading counts. */
  get heard(): boolean {
    return this.moving ? migration.sessionLives(this.state, this.moment()) : this.agreed !== null && this.link?.problem === undefined;
  }

  get lastChange(): Kept['changed'] {
    return this.link?.lastChange ?? null;
  }

  /** Between the start of a move and its end. */
  get moving(): boolean {
    const phase = this.phase ?? 'original';
    return phase !== 'original' && phase !== 'done' && phase !== 'released';
  }

  /** How far the plan has come, as far as this server knows. */
  get phase(): migration.Phase | undefined {
    return this.agreed?.phase ?? this.state.view?.phase;
  }

  /** Reads the journal, or begins one. Rejects when the plan is not the one in force by the journal. A damaged journal stops the plan. */
  async open(): Promise<void> {
    const renamed = await movedBefore(this.file, this.plan);
    if (renamed !== undefined) {
      this.refuse(new PlanEdited(renamed));
      return;
    }
    try {
      this.journal = await Journal.open(this.file);
    } catch (error) {
      if (!(error instanceof JournalDamage)) throw error;
      this.stopWith(error.message);
      return;
    }
    for (const remark of this.journal.remarks) this.options.log.warn(`${this.file}: ${remark}`);
    try {
      await this.resume(this.journal);
    } catch (error) {
      await this.close();
      if (!(error instanceof PlanEdited)) throw error;
      this.refuse(error, ': put it back as it was and start again');
    }
  }

  /** At the start nothing answers yet: the other zones of the server do not wait for this plan. A reload is refused. */
  private refuse(error: PlanEdited, advice = ''): void {
    if (!this.options.starting) throw error;
    this.stopWith(`${error.message}${advice}`);
  }

  /** `left`: a reload has left the plan out; the server may go on without it. */
  async close({ left }: { readonly left: boolean } = { left: false }): Promise<void> {
    const reason = 'the plan is no longer in the configuration';
    this.effects?.end(reason);
    const { journal, link } = this;
    this.journal = undefined;
    // What is answered from here on would be in no account that the others see.
    this.steered = { kind: 'silent', why: reason };
    this.timeDecides = false;
    this.held.release();
    if (this.damage === undefined && journal !== undefined) await this.leave(journal, link);
    if (left && journal !== undefined) await this.tell(journal.append({ kind: 'left' }));
    this.followers.close();
    link?.close();
    await journal?.close();
  }

  /** Takes this server out of the registered replicas, so that the others need not wait for it. After a restart it answers nothing until it is registered again: else its leases would be in no horizon. */
  private async leave(journal: Journal, link: Link | undefined): Promise<void> {
    const { view } = this.state;
    if (this.connect === undefined || link === undefined) return;
    await this.followers.withdraw();
    if (view !== null) await this.tell(journal.append({ kind: 'view', replica: this.replica, view: { ...view, member: false } }));
    await link.leave(
      () => this.state,
      () => this.moment(),
    );
  }

  /** Whether the names are answered by a plan that leads where this one does. */
  has(sides: Sides): boolean {
    return isAlike(this.state.where, sides);
  }

  /** Why this plan can neither take the place of the one that runs nor take over from it; undefined: it can. */
  refusal(next: migration.Plan): string | undefined {
    if (this.damage !== undefined) return undefined;
    const { phase, begins } = this.state.view ?? { phase: this.phase, begins: this.agreed?.begins };
    // Other servers have given the names to it already.
    if (this.agreed !== null && migration.planInForce({ ...this.state, next }, this.agreed) !== null) return undefined;
    return editRefusal({ phase, begins, place: this.file }, this.plan, next);
  }

  /** A reload brings the plan as it is now, and new ways to the store. */
  replan({ plan }: Move, connect: RunnerOptions['connect']): void {
    if (connect !== undefined && connect !== this.connect) this.reconnect(connect);
    this.connect = connect;
    if (JSON.stringify(plan) === JSON.stringify(this.plan)) return;
    const reason = this.refusal(plan);
    if (reason !== undefined) {
      // It was started while the configuration that edits it was being loaded.
      this.stopWith(reason);
      return;
    }
    const { hash, where, timing } = this.state;
    this.feed({ kind: 'plan', plan });
    // One that takes over is written when it does.
    if (this.state.next !== null || !isAlike(where, this.state.where)) return;
    if (migration.hashOf(plan) !== hash) this.effects?.write({ kind: 'plan', hash: migration.hashOf(plan), plan });
    const { slack, caches } = this.state.timing;
    if (slack !== timing.slack || caches !== timing.caches) this.ledger = makeLedger(plan, this.ledger.latest);
  }

  /** What the store was reached by until now is as good as it was. */
  private reconnect(connect: () => Store): void {
    try {
      this.link?.use(connect());
    } catch (error) {
      this.options.log.error(`${this.plan.name}: the store cannot be opened as the configuration says, it is asked as before: ${messageOf(error)}`);
    }
  }

  tick(): void {
    this.followers.tick();
    if (this.effects === undefined || this.journal === undefined || this.damage !== undefined) return;
    this.effects.tick();
    if (this.effects.resting) this.refresh();
    else this.feed({ kind: 'tick' });
  }

  feed(event: migration.Event): void {
    const before = this.state.where;
    const { state, effects } = step(this.state, event, this.moment());
    this.state = state;
    if (state.where.from === before.to && !isAlike(before, state.where)) this.turn();
    this.refresh();
    for (const effect of effects) this.effects?.carryOut(effect);
  }

  /** What leads to the B of one plan leads to the A of the one that has taken over from it. */
  private turn(): void {
    const { to } = this.ledger.latest;
    this.ledger = makeLedger(this.plan, { from: to, to: 0 });
    this.gateReasons.clear();
  }

  /** Resolves when the command is carried out, and that is durable, or refused. */
  command(verb: migration.Command['verb'], order: Order): Promise<Verdict> {
    const { damage, effects } = this;
    if (damage !== undefined || effects === undefined) return Promise.resolve({ ok: false, reason: damage ?? 'the plan has not been opened' });
    return effects.command(verb, order);
  }

  /** How queries are answered at this moment. Where the time decides, it is asked anew. */
  steering(): migration.Steering {
    return this.timeDecides ? steering(this.state, this.moment()) : this.steered;
  }

  /** Notes an answer that leaves now. */
  handed(client: string, answer: 'from' | 'to' | 'both', ttl: number): void {
    const { ledger, options } = this;
    ledger.hand({ client, answer, ttl }, options.now());
  }

  moment(): migration.Moment {
    return { wall: Date.now(), mono: this.options.now(), leased: this.followers.leases(this.ledger.latest) };
  }

  /** What the other processes of this server answer by. */
  private snapshot(): Snapshot {
    const { damage } = this;
    if (damage === undefined) return snapshotOf(this.state, this.moment());
    return { how: { kind: 'silent', why: damage }, where: this.state.where, phase: this.phase, damage, flip: undefined, lasts: undefined };
  }

  private stopWith(reason: string): void {
    this.damage = reason;
    this.options.log.error(`plan ${this.plan.name} is stopped, its names are not answered: ${reason}`);
    this.effects?.end(reason);
    this.refresh();
  }

  private async resume(journal: Journal): Promise<void> {
    const { plan, connect } = this;
    const { replica, log, now } = this.options;
    const hash = migration.hashOf(plan);
    const recovered = recover(journal, plan, replica);
    const { takesOver, written } = recovered;
    if (!takesOver && recovered.hash !== hash) await this.tell(journal.append({ kind: 'plan', hash, plan }));
    const view = connect === undefined ? null : (recovered.view ?? null);
    this.state = begin({ plan: takesOver ? (recovered.plan ?? plan) : plan, replica, view, written, now: this.moment() });
    this.effects = new Effects({
      replica,
      journal,
      log,
      now,
      state: () => this.state,
      moment: () => this.moment(),
      shared: () => this.connect !== undefined,
      feed: (event) => this.hear(event),
      withdraw: () => this.followers.withdraw(),
      stop: (reason) => this.stopWith(reason),
    });
    this.link = new Link({
      store: connect?.() ?? new JournalStore(journal),
      replica,
      shared: connect !== undefined,
      earlier: recovered.runs,
      log,
      now,
      heard: (event) => {
        this.effects?.heard();
        this.hear(event);
      },
      changed: (kept) => this.effects?.tellChange(kept),
      usurped: (why) => void this.effects?.giveWay(why),
    });
    this.effects.use(this.link);
    // What the store will say of this run the next one must be able to tell from what another server says.
    if (connect !== undefined) await this.tell(journal.append({ kind: 'run', run: this.link.id }));
    await this.link.read();
    if (takesOver || recovered.left) this.feed({ kind: 'plan', plan, anew: recovered.left });
    this.followers.succeed(this.state.restart);
    this.refresh();
    // What the first event made the engine write is waited for: the names are answered from the start.
    await this.tell(journal.append({ kind: 'note', text: `opened in ${this.phase ?? 'original'}`, by: replica }));
    if (connect !== undefined && !this.options.starting) await this.registered(this.link);
  }

  /** A plan that is new to the store waits a session there before it is answered: a reload waits with it, as the configuration before answers meanwhile. */
  private async registered(link: Link): Promise<void> {
    const end = performance.now() + this.state.timing.session + patience;
    while (this.state.view?.member !== true && link.problem === undefined && this.damage === undefined && performance.now() < end) {
      this.tick();
      await delay(pace);
    }
  }

  private hear(event: migration.Event): void {
    if (this.journal !== undefined && this.damage === undefined) this.feed(event);
  }

  private async tell(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.options.log.error(`${this.plan.name}: the journal cannot be written: ${messageOf(error)}`);
    }
  }

  private refresh(): void {
    this.steered = this.damage === undefined ? steering(this.state, this.moment()) : { kind: 'silent', why: this.damage };
    const { view, plan } = this.state;
    const promised = view !== null && (view.flip !== null || (view.bound && plan.store !== 'journal'));
    this.timeDecides = promised && plan.mode === 'exclusive' && this.steered.kind === 'fixed' && this.steered.answer === 'from';
    if (this.steered.kind !== 'silent') this.held.release();
  }
}
