// One replica's tie to the store of its plan: reads it again and again, swaps, notices who else speaks in its name, and takes its leave.
import { migration } from 'ferrydns/built-in/moves';
import { type Logger, messageOf } from 'ferrydns/plugin';
import { beginRun, endRun, idOf, isOver } from './run-identity.ts';
import type { Found, Kept, Proposal, Store } from './store.ts';

type Commit = Extract<migration.Effect, { readonly kind: 'commit' }>;
type Answer = Extract<migration.Event, { readonly kind: 'committed' | 'conflict' | 'unreachable' }>;

export interface LinkOptions {
  readonly store: Store;
  readonly replica: string;
  /** Whether others write to the store as well. */
  readonly shared: boolean;
  /** The ids of the runs that had this journal before: they are over. */
  readonly earlier: ReadonlySet<string>;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Called with what was read. */
  heard(found: migration.Event): void;
  /** Called after a change of epoch, phase, step or replicas, by this server or another. */
  changed(kept: Kept): void;
  /** Called when another process has taken the name of this replica. */
  usurped(reason: string): void;
}

/** Milliseconds between two readings: while seconds count, and otherwise. */
const paces = { hasty: 100, calm: 1000 };
/** Ends the run of a replica that is called as its Pod, which exists: only of such a one does a missing Pod say anything. */
const ofPod = ' pod';
/** Milliseconds that taking leave may last, and between two questions whether a silent replica is gone. */
const leaving = 1500;
const goneEvery = 5000;

export class Link {
  /** Why the store could not be heard when it was read last; undefined: it was. */
  problem: string | undefined;
  private readonly options: LinkOptions;
  private run = beginRun();
  private introduced = false;
  private store: Store;
  private kept: Kept | null = null;
  private claimed = false;
  private nextAt = Number.NEGATIVE_INFINITY;
  private reading = false;
  private swaps = 0;
  private goneAt = Number.NEGATIVE_INFINITY;

  constructor(options: LinkOptions) {
    this.options = options;
    this.store = options.store;
  }

  /** What this run is called in the journal. */
  get id(): string {
    return idOf(this.run);
  }

  get place(): string {
    return this.store.place;
  }

  /** The last change that the store tells of. */
  get lastChange(): Kept['changed'] {
    return this.kept?.changed ?? null;
  }

  /** Whether the store can tell that a replica will not come back. */
  get seesGone(): boolean {
    return this.store.isGone !== undefined;
  }

  /** A reload brings new ways to the same store. */
  use(store: Store): void {
    this.store.close();
    this.store = store;
    this.nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Reads at once, whatever the pace. Never rejects. */
  async read(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    const { store, swaps } = this;
    try {
      const read = await store.read();
      await this.introduce(store);
      const found = await this.claim(store, read);
      // What was read before something was written may come late, and says nothing of how it is now.
      if (store !== this.store || swaps !== this.swaps) return;
      this.recovered();
      this.hear(found);
    } catch (error) {
      if (store === this.store) this.failed(messageOf(error));
    } finally {
      this.reading = false;
      const phase = this.kept?.agreement.phase;
      this.nextAt = this.options.now() + (phase === 'countdown' || phase === 'flipping' ? paces.hasty : paces.calm);
    }
  }

  /** Reads when it is time to. A server alone knows what it has written. */
  tick(wanted: boolean): void {
    if (wanted || (this.options.shared && this.options.now() >= this.nextAt)) void this.read();
  }

  /** Carries out what the engine wants to be agreed on. */
  async swap({ id, expect, agreement, why, by }: Commit): Promise<Answer> {
    const { replica } = this.options;
    const before = this.kept;
    const news = before === null || isWorthTelling(before.agreement, agreement);
    const changed = news ? { why, by, at: new Date().toISOString() } : before.changed;
    const kept: Kept = { agreement, changed, runs: this.runs(agreement) };
    try {
      const outcome = await this.store.swap({ expect, kept, why, by });
      this.swaps++;
      this.recovered();
      if (!outcome.done) {
        const { found } = outcome;
        if (!this.note(found)) return { kind: 'unreachable', id, reason: `another process speaks for replica ${replica}` };
        // Asked again at once it would hold the same, unless it has lost everything.
        if (found.version < expect && found.kept !== null)
          return { kind: 'unreachable', id, reason: `${this.place} went back: it holds version ${found.version}, expected ${expect} or a later one` };
        return { kind: 'conflict', id, version: found.version, agreement: found.kept?.agreement ?? null };
      }
      this.claimed = true;
      this.note({ version: outcome.version, kept });
      return { kind: 'committed', id, version: outcome.version };
    } catch (error) {
      return { kind: 'unreachable', id, reason: messageOf(error) };
    }
  }

  /** This replica answers no more: the others need not wait for it. What it has handed out stays counted. Never rejects. */
  async leave(state: () => migration.State, moment: () => migration.Moment): Promise<void> {
    const { shared, replica, now } = this.options;
    const deadline = now() + leaving;
    try {
      while (shared && this.claimed && now() < deadline) {
        const { version, kept } = await this.store.read();
        // By its own name, or by the one under which it was set apart.
        const own = Object.keys(kept?.agreement.members ?? {}).find((each) => kept?.runs[each] === this.run);
        if (kept === null || own === undefined) return;
        const agreement = migration.withoutReplicas(state(), kept.agreement, { gone: [own], now: moment() });
        const changed = { why: `replica ${own} has left`, by: replica, at: new Date().toISOString() };
        const proposal: Proposal = { expect: version, kept: { ...kept, agreement, changed }, why: changed.why, by: replica };
        if ((await this.store.swap(proposal)).done) return;
      }
    } catch (error) {
      this.options.log.warn(`${this.store.place} was not told that replica ${replica} leaves: ${messageOf(error)}`);
    }
  }

  /** Replicas that have been silent for long, and of which the store can tell that they will not come back. Never rejects. */
  async goneReplicas(silent: readonly string[]): Promise<readonly string[]> {
    const { store } = this;
    if (store.isGone === undefined || silent.length === 0 || this.options.now() < this.goneAt) return [];
    this.goneAt = this.options.now() + goneEvery;
    const named = silent.filter((replica) => this.kept?.runs[replica]?.endsWith(ofPod));
    const verdicts = await Promise.all(named.map((replica) => store.isGone?.(replica).catch(() => false)));
    return named.filter((_, i) => verdicts[i] === true);
  }

  close(): void {
    endRun(this.run);
    this.store.close();
  }

  /** Finds out whether this replica has the name of a Pod: a host name may be that of the machine. */
  private async introduce(store: Store): Promise<void> {
    if (this.introduced || store.isGone === undefined) return;
    this.introduced = true;
    const gone = await store.isGone(this.options.replica).catch(() => true);
    if (gone) return;
    endRun(this.run);
    this.run = beginRun(`${this.run}${ofPod}`);
  }

  /**
   * A process that finds its replica registered by an earlier one takes its place, so that of two with one name the older knows. One of which it is not known
   * whether it has ended may go on with A for its session, or for ever in blend and before the start: until then it is one more replica (R3).
   */
  private async claim(store: Store, found: Found): Promise<Found> {
    const { shared, replica } = this.options;
    const { version, kept } = found;
    if (!shared || this.claimed || kept?.agreement.members[replica] === undefined) return found;
    const before = kept.runs[replica] ?? '';
    if (before === this.run) {
      // It was registered by a swap of its own, the answer of which was lost.
      this.claimed = true;
      return found;
    }
    const as = `${replica}~${idOf(before).slice(0, 8)}`;
    // What was put back after a loss does not say by whom: who has the journal comes after all that had it.
    const over = before === '' ? this.options.earlier.size > 0 : (isOver(before) ?? this.options.earlier.has(idOf(before)));
    const agreement = over ? kept.agreement : migration.setApart(kept.agreement, { replica, as });
    const apart = agreement !== kept.agreement;
    const runs = { ...kept.runs, ...(apart ? { [as]: before } : {}), [replica]: this.run };
    const why = apart ? `replica ${replica} is another process than before, which is waited for as ${as}` : `replica ${replica} has been restarted`;
    const changed = apart ? { why, by: replica, at: new Date().toISOString() } : kept.changed;
    const taken: Kept = { agreement, changed, runs };
    const outcome = await store.swap({ expect: version, kept: taken, why, by: replica });
    if (!outcome.done) return outcome.found;
    this.claimed = true;
    return { version: outcome.version, kept: taken };
  }

  private hear(found: Found): void {
    if (!this.note(found)) return;
    this.options.heard({ kind: 'read', version: found.version, agreement: found.kept?.agreement ?? null });
  }

  /** Keeps what was found; false when this replica is spoken for by another process. */
  private note({ kept }: Found): boolean {
    const { replica, shared } = this.options;
    if (shared && this.claimed && kept !== null && kept.runs[replica] !== undefined && kept.runs[replica] !== this.run) {
      this.options.usurped(`another process speaks for replica ${replica} in ${this.store.place}: give each a name of its own by 'replica'`);
      return false;
    }
    const before = this.kept;
    this.kept = kept;
    if (kept !== null && (before === null || isWorthTelling(before.agreement, kept.agreement))) this.options.changed(kept);
    return true;
  }

  /** Of the replicas that are registered, or about to be where an earlier process was set apart: this one is this process. */
  private runs({ members }: migration.Agreement): Kept['runs'] {
    if (!this.options.shared) return {};
    const names = new Set(Object.keys(members).flatMap((each) => [each, each.replace(/~[^~]*$/, '')]));
    const others = Object.entries(this.kept?.runs ?? {}).filter(([replica]) => names.has(replica));
    return { ...Object.fromEntries(others), [this.options.replica]: this.run };
  }

  private failed(reason: string): void {
    if (this.problem === undefined) this.options.log.warn(`${this.store.place} cannot be heard: ${reason}`);
    this.problem = reason;
  }

  private recovered(): void {
    if (this.problem !== undefined) this.options.log.info(`${this.store.place} is heard again`);
    this.problem = undefined;
  }
}

function isWorthTelling(a: migration.Agreement, b: migration.Agreement): boolean {
  const [before, after] = [a, b].map(({ members }) => Object.keys(members).sort().join(' '));
  return (
    before !== after || a.epoch !== b.epoch || a.phase !== b.phase || a.step !== b.step || a.paused !== b.paused || a.fence.state !== b.fence.state
  );
}
