// Does what the engine of a plan wants done, and tells it what came of it: the journal, the store, the fence, and those who wait for a verdict.
import { setTimeout as delay } from 'node:timers/promises';
import { migration } from 'ferrydns/built-in/moves';
import { type Logger, messageOf } from 'ferrydns/plugin';
import type { Journal } from '../journal/journal.ts';
import type { Link } from '../store/link.ts';
import type { Kept } from '../store/store.ts';
import { execute } from './execute.ts';
import { type Verdict, Verdicts } from './verdicts.ts';

/** Milliseconds after a failed write until the next attempt, at most. */
const retryAfter = 1000;
/** Milliseconds that a start waits for the first answer of the upstream, and between two looks whether it has come. */
const upstreamPatience = 2000;
const upstreamPace = 20;
/** Milliseconds between two looks at the journal while nothing is written. */
const lookEvery = 1000;

export interface EffectsOptions {
  readonly replica: string;
  readonly journal: Journal;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  state(): migration.State;
  moment(): migration.Moment;
  /** Whether other servers share the plan. */
  shared(): boolean;
  /** Tells the engine. */
  feed(event: migration.Event): void;
  /** Resolves when no other process of this server answers by what is answered by now; what it resolves to lets them answer again. */
  withdraw(): Promise<() => void>;
  /** Stops the plan. */
  stop(reason: string): void;
}

export interface Order {
  readonly epoch: number;
  readonly by: string;
  readonly force: boolean;
  /** The replica to forget. */
  readonly replica?: string;
  /** The attempt of the fence after which whoever asks has seen that A is open. */
  readonly aIsOpen?: number;
  /** The words of an order that every replica reads, and why it is refused, if it is. */
  readonly order?: string;
  readonly refusal?: string;
}

type Effect<K extends migration.Effect['kind']> = Extract<migration.Effect, { kind: K }>;

export class Effects {
  private readonly options: EffectsOptions;
  private readonly verdicts = new Verdicts();
  private link: Link | undefined;
  private retryAt = 0;
  private lookAt = 0;
  /** The trouble of the journal that was reported last. */
  private trouble: string | undefined;
  private fetching = false;
  private ended = false;
  /** Ends the fence that runs. */
  private readonly ending = new AbortController();

  constructor(options: EffectsOptions) {
    this.options = options;
  }

  /** Whether something has failed just now and is not to be tried again yet. */
  get resting(): boolean {
    return this.options.now() < this.retryAt;
  }

  /** The tie to the store: what it hears goes to the engine. */
  use(link: Link): void {
    this.link = link;
  }

  /** The store has answered. */
  heard(): void {
    this.fetching = false;
  }

  /** Ends it: nothing more is done, and the engine gets no more events. */
  end(reason: string): void {
    this.ended = true;
    this.ending.abort();
    this.verdicts.refuseAll(reason);
  }

  /** Time has passed. */
  tick(): void {
    this.link?.tick(this.fetching && !this.resting);
    void this.forgetGone();
    this.watchJournal();
  }

  /** Resolves when the command is carried out, and that is durable, or refused. */
  async command(verb: migration.Command['verb'], order: Order): Promise<Verdict> {
    const { state } = this.options;
    if (verb === 'start') {
      const deadline = performance.now() + upstreamPatience;
      while (migration.awaitsUpstream(state()) && !this.ended && performance.now() < deadline) await delay(upstreamPace);
      if (this.ended) return { ok: false, reason: 'the plan has been stopped' };
    }
    const { id, verdict } = this.verdicts.ask();
    const whom = order.replica === undefined ? '' : ` ${order.replica}`;
    if (verb !== 'refuse') this.options.log.info(`${this.plan}: ${verb}${whom} asked for by ${order.by}, for epoch ${order.epoch}`);
    this.options.feed({ kind: 'operator', command: { verb, id, ...order } });
    return verdict;
  }

  carryOut(effect: migration.Effect): void {
    switch (effect.kind) {
      case 'commit':
        void this.commit(effect);
        return;
      case 'append':
        void this.adopt(effect);
        return;
      case 'fetch':
        this.fetching = true;
        return;
      case 'fence':
        void this.fence(effect.attempt);
        return;
      case 'verdict':
        this.verdicts.decide(effect.id, effect);
        if (!effect.ok) this.options.log.warn(`${this.plan}: refused: ${effect.reason}`);
        return;
      case 'note':
        this.options.log[effect.level](`${this.plan}: ${effect.text}`);
        this.write({ kind: 'note', text: effect.text, by: effect.by });
        return;
      case 'alarm':
        this.options.log.warn(`${this.plan}: ${effect.text}`);
        this.write({ kind: 'alarm', text: effect.text, by: this.options.replica });
        return;
    }
  }

  /** For what nobody waits for; a full disk has its own alarm. */
  write(entry: Parameters<Journal['append']>[0]): void {
    if (!this.ended) this.options.journal.append(entry).catch(() => undefined);
  }

  tellChange({ agreement: { epoch, phase }, changed }: Kept): void {
    const { replica, log, shared } = this.options;
    // A reason may name them already: "rolled back: by ann", "replica dns-2 has left".
    const named = changed === null || changed.by === replica || ` ${changed.why} `.includes(` ${changed.by} `);
    const by = named ? '' : ` (${changed.by})`;
    const text = `epoch ${epoch}, ${phase}${changed === null ? '' : `: ${changed.why}${by}`}`;
    log.info(`${this.plan}: ${text}`);
    if (shared()) this.write({ kind: 'note', text, by: changed?.by ?? '' });
  }

  /** Another process has the name of this replica: it need not wait for this one when nobody answers by this one any more. */
  async giveWay(reason: string): Promise<void> {
    const { stop, withdraw, state, moment } = this.options;
    stop(reason);
    const resume = await withdraw();
    await this.link?.leave(state, moment);
    resume();
  }

  private get plan(): string {
    return this.options.state().plan.name;
  }

  /** What is in the store is what is agreed on. */
  private async commit(effect: Effect<'commit'>): Promise<void> {
    if (this.ended || this.link === undefined) return;
    const answer = (await this.introduce(effect)) ?? (await this.link.swap(effect));
    if (answer.kind === 'unreachable') this.rest();
    await this.goOn(answer, answer.kind === 'committed' && !this.options.shared() && this.isProgress(effect.agreement));
  }

  /** A server alone writes by which plan it goes on before it does. What is said of a plan in its journal is said of the last one before. */
  private async introduce({ id, plan }: Effect<'commit'>): Promise<Extract<migration.Event, { kind: 'unreachable' }> | undefined> {
    if (plan === undefined || this.options.shared()) return undefined;
    try {
      await this.options.journal.append({ kind: 'plan', hash: migration.hashOf(plan), plan });
      return undefined;
    } catch (error) {
      return { kind: 'unreachable', id, reason: messageOf(error) };
    }
  }

  /** R1, R2: what this replica answers by is in its own journal first. */
  private async adopt({ seq, view, plan }: Effect<'append'>): Promise<void> {
    if (this.ended) return;
    try {
      if (plan !== undefined) await this.options.journal.append({ kind: 'plan', hash: migration.hashOf(plan), plan });
      await this.options.journal.append({ kind: 'view', replica: this.options.replica, view });
    } catch (error) {
      this.rest();
      this.tell({ kind: 'write-failed', seq, reason: messageOf(error) });
      return;
    }
    const { member, settled } = this.options.state().view ?? view;
    await this.goOn({ kind: 'durable', seq }, this.isProgress(view) || member !== view.member || settled !== view.settled);
  }

  /** Before what is answered by changes here, no other process of this server answers by what was before. */
  private async goOn(event: migration.Event, changes: boolean): Promise<void> {
    const resume = changes ? await this.options.withdraw() : undefined;
    try {
      this.tell(event);
    } finally {
      resume?.();
    }
  }

  private isProgress(next: migration.Agreement | migration.View): boolean {
    const { view } = this.options.state();
    return view !== null && migration.compareProgress(view, next) !== 0;
  }

  private async fence(attempt: number): Promise<void> {
    const { fence, name } = this.options.state().plan;
    if (fence === null) return;
    const env = { FERRYDNS_PLAN: name, FERRYDNS_ATTEMPT: String(attempt) };
    const { outcome, text } = await execute(fence.command, {
      seconds: fence.timeout,
      env,
      signal: this.ending.signal,
      didNothing: fence.didNothing,
      leaves: true,
    });
    this.tell({ kind: 'fenced', attempt, outcome, output: text });
  }

  /** A replica of which the store knows that it is gone needs nobody's word to be forgotten. */
  private async forgetGone(): Promise<void> {
    const { link, options } = this;
    const state = options.state();
    const agreed = state.known?.agreement ?? null;
    if (agreed === null || link?.seesGone !== true) return;
    const others = Object.keys(agreed.members).filter((each) => each !== options.replica);
    const silent = others.filter((each) => migration.silentFor(state, each, options.moment()) >= state.timing.session);
    const by = `${options.replica}, as its Pod no longer exists`;
    for (const replica of await link.goneReplicas(silent)) void this.command('forget', { epoch: agreed.epoch, by, force: false, replica });
  }

  /** Another process with another journal may answer otherwise. Only the answer B after the move is right whatever that journal says: nothing takes it back. */
  private watchJournal(): void {
    const { journal, log, now } = this.options;
    if (now() >= this.lookAt) {
      this.lookAt = now() + lookEvery;
      journal.look();
    }
    const { trouble } = journal;
    if (trouble?.reason === this.trouble) return;
    this.trouble = trouble?.reason;
    const { view, plan } = this.options.state();
    if (trouble === undefined) log.info(`${this.plan}: the journal is as it was again`);
    else if (trouble.foreign && plan.mode === 'exclusive' && !(view !== null && migration.reached(view.phase, 'draining')))
      this.options.stop(trouble.reason);
    else log.warn(`${this.plan}: no phase begins: ${trouble.reason}`);
  }

  private rest(): void {
    this.retryAt = this.options.now() + Math.min(retryAfter, this.options.state().timing.session / 6);
  }

  private tell(event: migration.Event): void {
    if (!this.ended) this.options.feed(event);
  }
}
