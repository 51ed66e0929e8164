// A command is carried out once, also when nobody knows at first whether it was, and when others were faster.
import { expect, test } from 'vitest';
import type { Agreement } from '../../src/migration/agreement.ts';
import { begin } from '../../src/migration/begin.ts';
import { step } from '../../src/migration/engine.ts';
import type { Plan } from '../../src/migration/plan.ts';
import type { Command, Event, State } from '../../src/migration/state.ts';
import { planFor } from './scenarios.ts';

const blend = planFor({ mode: 'blend', fence: null, store: 'etcd', ttl: 4, transitionTtl: 1, canary: [10, 50], advance: 'manual' });

/** A replica on a store, whose swaps can be lost on their way there or back. */
class Replica {
  /** What becomes of the next swap: it is carried out, it is but the answer is lost, or it does not arrive. */
  next: 'whole' | 'answer lost' | 'lost' = 'whole';
  version = 0;
  agreement: Agreement | null = null;
  readonly verdicts: { readonly id: string; readonly ok: boolean; readonly reason: string }[] = [];
  private state: State;
  private elapsed = 0;

  constructor(plan: Plan) {
    this.state = begin({ plan, replica: 'a', view: null, now: this.now() });
    this.read();
    this.wait(plan.session);
  }

  read(): void {
    this.tell({ kind: 'read', version: this.version, agreement: this.agreement });
  }

  ask(verb: Command['verb'], more: Partial<Command> = {}): string {
    const id = `${verb} ${this.verdicts.length}`;
    this.tell({ kind: 'operator', command: { verb, id, epoch: this.agreement?.epoch ?? 0, by: 'ann', ...more } });
    return id;
  }

  wait(seconds: number): void {
    for (let i = 0; i < seconds * 10; i++) {
      this.elapsed += 100;
      this.tell({ kind: 'tick' });
    }
  }

  /** Somebody else changes what is agreed on. */
  change(changes: Partial<Agreement>): void {
    if (this.agreement === null) throw new Error('nothing is agreed on');
    this.agreement = { ...this.agreement, ...changes };
    this.version++;
  }

  get last(): { readonly ok: boolean; readonly reason: string } | undefined {
    return this.verdicts.at(-1);
  }

  private now() {
    return { wall: 1_700_000_000_000 + this.elapsed, mono: this.elapsed, leased: { from: 0, to: 0 } };
  }

  private tell(event: Event): void {
    const { state, effects } = step(this.state, event, this.now());
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === 'append') this.tell({ kind: 'durable', seq: effect.seq });
      else if (effect.kind === 'verdict') this.verdicts.push(effect);
      else if (effect.kind === 'commit') this.swap(effect);
    }
  }

  private swap({ id, expect: expected, agreement }: { readonly id: number; readonly expect: number; readonly agreement: Agreement }): void {
    const { next } = this;
    this.next = 'whole';
    if (next !== 'lost' && expected !== this.version) {
      this.tell({ kind: 'conflict', id, version: this.version, agreement: this.agreement });
      return;
    }
    if (next !== 'lost') {
      this.agreement = agreement;
      this.version++;
    }
    if (next === 'whole') this.tell({ kind: 'committed', id, version: this.version });
    else this.tell({ kind: 'unreachable', id, reason: 'no answer' });
  }
}

/** In lowering, whose wait is over. */
function lowered(): Replica {
  const replica = new Replica(blend);
  replica.ask('start');
  replica.wait(20);
  expect(replica.agreement?.phase).toBe('lowering');
  return replica;
}

test('a command whose answer was lost is told as done, and is not carried out again', () => {
  const replica = new Replica(blend);
  replica.next = 'answer lost';
  replica.ask('start');
  replica.read();
  expect(replica.last).toMatchObject({ ok: true, reason: '' });
  const slow = lowered();
  slow.next = 'answer lost';
  slow.ask('advance');
  slow.read();
  expect(slow.last).toMatchObject({ ok: true });
  expect(slow.agreement).toMatchObject({ phase: 'transition', step: 0 });
  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    slow.next = 'answer lost';
    slow.ask(verb);
    slow.read();
    expect(slow.last).toMatchObject({ ok: true });
    expect(slow.agreement?.paused).toBe(paused);
  }
});

test('a command that was lost on its way is sent again', () => {
  const replica = lowered();
  replica.next = 'lost';
  replica.ask('advance');
  expect(replica.agreement?.phase).toBe('lowering');
  replica.read();
  expect(replica.last).toMatchObject({ ok: true });
  expect(replica.agreement).toMatchObject({ phase: 'transition', step: 0 });
});

test('two people who advance at the same time advance once', () => {
  const replica = lowered();
  replica.change({ phase: 'transition', step: 0 });
  replica.ask('advance');
  expect(replica.last).toMatchObject({ ok: false, reason: 'the plan has gone on meanwhile, it is in transition' });
  expect(replica.agreement).toMatchObject({ phase: 'transition', step: 0 });
});

test('an order that every replica reads is settled once: a repeated one is told what became of it, a refused one is not tried again', () => {
  const replica = new Replica(blend);
  replica.ask('start', { order: 'start 1' });
  replica.ask('pause', { order: 'pause 1' });
  replica.next = 'answer lost';
  replica.ask('resume', { order: 'resume 1' });
  replica.wait(1);
  replica.read();
  expect(replica.last).toMatchObject({ ok: true });
  replica.change({ paused: true });
  replica.read();
  replica.ask('resume', { order: 'resume 1' });
  expect(replica.last).toMatchObject({ ok: true });
  expect(replica.agreement).toMatchObject({ phase: 'lowering', paused: true, ordered: { order: 'resume 1', refused: null } });
  replica.ask('refuse', { order: 'advance 1', refusal: 'no phase' });
  expect(replica.agreement).toMatchObject({ phase: 'lowering', ordered: { order: 'advance 1', refused: 'no phase' } });
  replica.ask('resume', { order: 'advance 1' });
  expect(replica.last).toMatchObject({ ok: false, reason: 'no phase' });
  expect(replica.agreement?.paused).toBe(true);
});

test('an order is not refused for where a replica believes the plan to be, when the others have gone on', () => {
  const replica = lowered();
  replica.change({ phase: 'transition', step: 0 });
  replica.ask('refuse', { order: 'advance 1 transition 1', refusal: 'the plan is in lowering' });
  expect(replica.last).toMatchObject({ ok: false, reason: 'the plan has gone on meanwhile, it is in transition' });
  expect(replica.agreement?.ordered).toBeUndefined();
});

test('of two replicas that read an order, the slower one finds it settled', () => {
  const replica = new Replica(blend);
  replica.ask('start');
  replica.change({ paused: true, ordered: { order: 'pause 1', refused: null } });
  replica.ask('pause', { order: 'pause 1' });
  expect(replica.last).toMatchObject({ ok: true });
});
