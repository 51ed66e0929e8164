// A replica alone with the real engine, whose clock, disk and store the test holds in its hand.
import type { Agreement } from '../../src/migration/agreement.ts';
import type { QueryFacts } from '../../src/migration/answers.ts';
import { begin } from '../../src/migration/begin.ts';
import { step } from '../../src/migration/engine.ts';
import type { Plan } from '../../src/migration/plan.ts';
import type { Command, Effect, Event, Moment, State, Written } from '../../src/migration/state.ts';
import { type Answer, answerFor, type Status, statusOf } from './status.ts';

/** Any moment; a whole second. */
export const start = 1_700_000_000_000;

export class Server {
  readonly plan: Plan;
  state: State;
  effects: Effect[] = [];
  version = 0;
  agreement: Agreement | null = null;
  /** Milliseconds since the start, how far the wall clock was moved, and how long the machine has slept. */
  elapsed = 0;
  shifted = 0;
  slept = 0;
  /** Ends of leases, by a clock that nobody has moved. */
  leased = { from: 0, to: 0 };
  /** Whether the disk and the fence do what they are told. */
  diskFull = false;
  fenceWorks: boolean | null = true;
  #written: Written = { at: 0, latest: 0 };

  constructor(plan: Plan) {
    this.plan = plan;
    this.state = begin({ plan, replica: 'a', view: null, now: this.now() });
    this.tell({ kind: 'read', version: 0, agreement: null });
  }

  now(): Moment {
    const mono = (at: number) => (at === 0 ? 0 : at - start);
    const leased = { from: mono(this.leased.from), to: mono(this.leased.to) };
    return { wall: start + this.elapsed + this.shifted, mono: this.elapsed - this.slept, leased };
  }

  tell(event: Event): readonly Effect[] {
    const { state, effects } = step(this.state, event, this.now());
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) this.#carryOut(effect);
    return effects;
  }

  /** Seconds go by, tick by tick. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds * 10; i++) {
      this.elapsed += 100;
      this.tell({ kind: 'tick' });
    }
  }

  /** The verdict: '' when the command was carried out. */
  command(verb: Command['verb'], options: Partial<Command> = {}): string {
    const before = this.effects.length;
    this.tell({ kind: 'operator', command: { verb, id: `${before}`, epoch: this.agreement?.epoch ?? 0, by: 'operator', ...options } });
    const verdict = this.effects.slice(before).find((effect) => effect.kind === 'verdict');
    return verdict === undefined ? 'no verdict' : verdict.reason;
  }

  answer(query: Partial<QueryFacts> = {}): Answer {
    return answerFor(this.state, this.now(), query);
  }

  /** The process ends; the file of the journal stays. */
  restart(): void {
    this.state = begin({ plan: this.plan, replica: 'a', view: null, written: this.#written, now: this.now() });
    this.leased = { from: 0, to: 0 };
    this.tell({ kind: 'read', version: this.version, agreement: this.agreement });
  }

  get status(): Status {
    return statusOf(this.state, this.now());
  }

  get alarms(): readonly string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'alarm' ? [effect.about] : []));
  }

  #carryOut(effect: Effect): void {
    if (effect.kind === 'commit' && this.diskFull) this.tell({ kind: 'unreachable', id: effect.id, reason: 'no space left on device' });
    else if (effect.kind === 'commit') {
      this.version++;
      this.agreement = effect.agreement;
      this.#written = { at: this.now().wall, latest: this.now().wall };
      this.tell({ kind: 'committed', id: effect.id, version: this.version });
    }
    if (effect.kind === 'fence' && this.fenceWorks !== null)
      this.tell({ kind: 'fenced', attempt: effect.attempt, outcome: this.fenceWorks ? 'done' : 'failed', output: 'said the fence' });
  }
}
