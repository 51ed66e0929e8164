// Runs one plan: feeds the engine with what happens, does what it wants done, and keeps what is answered by at hand.
import { type Logger, type Move, migration } from 'ferrydns/plugin';
import { editRefusal } from './edit.ts';
import { execute } from './execute.ts';
import { Journal, JournalDamage } from './journal.ts';

const { begin, Ledger, steering, step } = migration;

/** There is one server, so nobody else is registered. Its name must outlive moves from machine to machine. */
const replica = 'local';
/** Milliseconds after a failed write until the next attempt. */
const retryAfter = 1000;

export interface RunnerOptions {
  readonly move: Move;
  readonly file: string;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** A plan that runs, whatever configurations come and go. */
export class Runner {
  readonly file: string;
  state: migration.State;
  ledger: InstanceType<typeof Ledger>;
  /** Why the plan cannot go on and answers nothing; undefined: it does. */
  damage: string | undefined;
  private version = 0;
  /** Whose ticks count. */
  host: object | undefined;
  private readonly options: RunnerOptions;
  private journal: Journal | undefined;
  private agreement: migration.Agreement | null = null;
  private readonly commands = new Map<string, (verdict: Verdict) => void>();
  private waiting = new Set<() => void>();
  private steered: migration.Steering;
  private retryAt = 0;
  private fetching = false;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.file = options.file;
    const { plan } = options.move;
    this.ledger = makeLedger(plan);
    this.state = begin({ plan, replica, view: null, now: this.moment() });
    this.steered = steering(this.state, this.moment());
  }

  get plan(): migration.Plan {
    return this.state.plan;
  }

  /** What is agreed on, and durable. */
  get agreed(): migration.Agreement | null {
    return this.state.known?.agreement ?? null;
  }

  /** Between the start of a move and its end. */
  get moving(): boolean {
    const phase = this.agreed?.phase ?? 'original';
    return phase !== 'original' && phase !== 'done' && phase !== 'released';
  }

  /** Reads the journal, or begins one. Rejects when the plan is not the one that the journal has in hand. A damaged journal stops the plan. */
  async open(): Promise<void> {
    try {
      this.journal = await Journal.open(this.file);
    } catch (error) {
      if (!(error instanceof JournalDamage)) throw error;
      this.stopWith(error.message);
      return;
    }
    if (this.journal.torn) this.options.log.warn(`${this.file}: the last entry was not written to its end and is dropped`);
    try {
      await this.resume(this.journal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.release();
    for (const decide of this.commands.values()) decide({ ok: false, reason: 'the plan is no longer in the configuration' });
    this.commands.clear();
    const { journal } = this;
    this.journal = undefined;
    await journal?.close();
  }

  /** Why this plan cannot take the place of the one that runs; undefined: it can. */
  refusal(next: migration.Plan): string | undefined {
    return this.damage === undefined ? editRefusal(this.agreed, this.plan, next) : undefined;
  }

  /** A reload brings the plan as it is now. */
  replan(plan: migration.Plan): void {
    if (JSON.stringify(plan) === JSON.stringify(this.plan)) return;
    const reason = this.refusal(plan);
    if (reason !== undefined) {
      // It was started while the configuration that edits it was being loaded.
      this.stopWith(reason);
      return;
    }
    if (migration.hashOf(plan) !== this.state.hash) this.write({ kind: 'plan', hash: migration.hashOf(plan), plan });
    if (plan.slack !== this.plan.slack) this.ledger = makeLedger(plan);
    this.feed({ kind: 'plan', plan });
  }

  tick(): void {
    if (this.journal === undefined || this.damage !== undefined) return;
    if (this.options.now() < this.retryAt) {
      this.refresh();
      return;
    }
    if (this.fetching) {
      this.fetching = false;
      this.feed({ kind: 'read', version: this.version, agreement: this.agreement });
    } else this.feed({ kind: 'tick' });
  }

  feed(event: migration.Event): void {
    const { state, effects } = step(this.state, event, this.moment());
    this.state = state;
    this.refresh();
    for (const effect of effects) this.carryOut(effect);
  }

  /** Resolves when the command is carried out, and that is durable, or refused. */
  command(
    verb: migration.Command['verb'],
    { epoch, by, force }: { readonly epoch: number; readonly by: string; readonly force: boolean },
  ): Promise<Verdict> {
    if (this.damage !== undefined) return Promise.resolve({ ok: false, reason: this.damage });
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.commands.set(id, resolve);
    this.options.log.info(`${this.plan.name}: ${verb} asked for by ${by}, for epoch ${epoch}`);
    this.feed({ kind: 'operator', command: { verb, id, epoch, by, force } });
    return promise;
  }

  /** How queries are answered at this moment. Until a flip it is the time that decides, so it is asked anew. */
  steering(): migration.Steering {
    if (this.state.view?.flip != null && this.state.view.phase === 'countdown') return steering(this.state, this.moment());
    return this.steered;
  }

  /** Notes an answer that leaves now. */
  handed(client: string, answer: 'from' | 'to' | 'both', ttl: number): void {
    this.ledger.hand({ client, answer, ttl }, migration.latest(this.state, this.moment()));
  }

  /** Resolves to true when there may be an answer again, to false when so many milliseconds have passed. */
  wait(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (released: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(release);
        resolve(released);
      };
      const release = () => done(true);
      const timer = setTimeout(() => done(false), milliseconds);
      this.waiting.add(release);
    });
  }

  /** Queries that are held. */
  get held(): number {
    return this.waiting.size;
  }

  moment(): migration.Moment {
    return { wall: Date.now(), mono: this.options.now(), leased: this.ledger.latest };
  }

  private stopWith(reason: string): void {
    this.damage = reason;
    this.options.log.error(`plan ${this.plan.name} is stopped, its names are not answered: ${reason}`);
  }

  private async resume(journal: Journal): Promise<void> {
    const { plan } = this;
    const last = journal.entries.findLast((entry) => entry.kind === 'commit');
    const known = journal.entries.findLast((entry) => entry.kind === 'plan');
    this.version = last?.version ?? 0;
    this.agreement = last?.agreement ?? null;
    const reason = known === undefined ? undefined : editRefusal(this.agreement, known.plan, plan);
    if (reason !== undefined) throw new Error(reason);
    const hash = migration.hashOf(plan);
    if (known?.hash !== hash) await this.tell(journal.append({ kind: 'plan', hash, plan }));
    this.feed({ kind: 'read', version: this.version, agreement: this.agreement });
    // What the first event made the engine write is waited for: the names are answered from the start.
    await this.tell(journal.append({ kind: 'note', text: `opened in ${this.agreement?.phase ?? 'original'}`, by: replica }));
  }

  private async tell(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.options.log.error(`${this.plan.name}: the journal cannot be written: ${messageOf(error)}`);
    }
  }

  private refresh(): void {
    this.steered = steering(this.state, this.moment());
    if (this.steered.kind !== 'silent') this.release();
  }

  private release(): void {
    for (const resume of [...this.waiting]) resume();
  }

  private carryOut(effect: migration.Effect): void {
    switch (effect.kind) {
      case 'commit':
        void this.commit(effect);
        return;
      case 'fetch':
        this.fetching = true;
        return;
      case 'fence':
        void this.fence(effect.attempt);
        return;
      case 'verdict':
        this.decide(effect);
        return;
      case 'note':
        this.options.log[effect.level](`${this.plan.name}: ${effect.text}`);
        this.write({ kind: 'note', text: effect.text, by: effect.by });
        return;
      case 'alarm':
        this.options.log.warn(`${this.plan.name}: ${effect.text}`);
        this.write({ kind: 'alarm', text: effect.text, by: replica });
        return;
      case 'append':
        throw new Error('a server alone has no journal beside its store');
    }
  }

  /** The journal is the store: the entry on disk is the agreement (R1, R2). */
  private async commit({ id, expect, agreement, why, by }: Extract<migration.Effect, { kind: 'commit' }>): Promise<void> {
    if (this.journal === undefined) return;
    if (expect !== this.version) {
      this.feed({ kind: 'conflict', id, version: this.version, agreement: this.agreement });
      return;
    }
    const version = expect + 1;
    try {
      await this.journal.append({ kind: 'commit', version, agreement, why, by });
    } catch (error) {
      this.retryAt = this.options.now() + retryAfter;
      this.feed({ kind: 'unreachable', id, reason: messageOf(error) });
      return;
    }
    const before = this.agreement;
    this.version = version;
    this.agreement = agreement;
    if (this.journal === undefined) return;
    this.feed({ kind: 'committed', id, version });
    if (before?.phase === agreement.phase && before.epoch === agreement.epoch && before.step === agreement.step && before.paused === agreement.paused)
      return;
    this.options.log.info(`${this.plan.name}: epoch ${agreement.epoch}, ${agreement.phase}: ${why}${by === replica ? '' : ` (${by})`}`);
  }

  private async fence(attempt: number): Promise<void> {
    const { fence, name } = this.plan;
    if (fence === null) return;
    const env = { FERRYDNS_PLAN: name, FERRYDNS_ATTEMPT: String(attempt) };
    const { ok, text } = await execute(fence.command, { seconds: fence.timeout, env });
    if (this.journal !== undefined) this.feed({ kind: 'fenced', attempt, ok, output: text });
  }

  private decide({ id, ok, reason }: { readonly id: string; readonly ok: boolean; readonly reason: string }): void {
    this.commands.get(id)?.({ ok, reason });
    this.commands.delete(id);
    if (!ok) this.options.log.warn(`${this.plan.name}: refused: ${reason}`);
  }

  /** For what nobody waits for; a full disk has its own alarm. */
  private write(entry: Parameters<Journal['append']>[0]): void {
    this.journal?.append(entry).catch(() => undefined);
  }
}

function makeLedger(plan: migration.Plan): InstanceType<typeof Ledger> {
  const { slack, caches } = migration.timingOf(plan);
  return new Ledger({ slack, caches });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
