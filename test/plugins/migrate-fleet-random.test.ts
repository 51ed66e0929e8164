// Processes that answer by what another one grants, at random: stopped, slow, killed and started, with messages that arrive late.
import { migration } from 'ferrydns/built-in/moves';
import { expect, test } from 'vitest';
import { Fleet } from '../../plugins/migrate/processes/fleet.ts';
import { Follower } from '../../plugins/migrate/processes/follower.ts';
import type { FollowerWord, Signal } from '../../plugins/migrate/processes/posture.ts';
import { randomFrom } from '../../src/migration/simulator/population.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';

const wall = Date.parse('2026-06-01T12:00:00Z');
const { plan } = readPlanFile('plan: www\nnames:\n  www.example.org: { from: 192.0.2.1, to: 192.0.2.2 }\nttl: 30\n', 'plan.yaml').move;

interface Ship {
  readonly follower: Follower;
  /** For each channel. */
  readonly inboxes: readonly { readonly at: number; readonly signal: Signal }[][];
  readonly outbox: { readonly at: number; readonly word: FollowerWord }[];
  pausedUntil: number;
}

/**
 * A fleet whose followers are stopped, slow, killed and started at random. Messages of a channel arrive late, but in order, and where it is busy the last
 * grant and the last call take the place of those before. The TTL tells by which version of the plan an answer was given.
 */
class Voyage {
  now = 0;
  version = 1;
  /** Between what is withdrawn and what is granted next. */
  becalmed = false;
  answered = 0;
  latestEnd = 0;
  readonly ledger = new migration.Ledger({ slack: 0, caches: 0 });
  readonly fleet: Fleet;
  private readonly random: () => number;
  private readonly soon: (() => void)[] = [];
  private readonly ships: Ship[] = [];

  constructor(random: () => number) {
    this.random = random;
    this.fleet = new Fleet({
      now: () => this.now,
      posture: () => ({
        how: { kind: 'fixed', answer: 'from', ttl: this.version },
        phase: 'lowering',
        damage: undefined,
        flip: undefined,
        lasts: 1000,
      }),
      ledger: () => this.ledger,
      slack: () => 0,
      soon: (run) => this.soon.push(run),
    });
    // Two, as while a reload is under way.
    for (let channel = 0; channel < 2; channel++) {
      this.fleet.join((signal) => {
        for (const { inboxes } of this.ships) this.enter(inboxes[channel] ?? [], signal);
      });
    }
  }

  step(): void {
    if (this.now % 100 === 0) this.fleet.tick();
    for (const run of this.soon.splice(0)) run();
    for (const ship of this.ships) {
      for (const { word } of arrived(ship.outbox, this.now)) this.fleet.hear(word);
      this.sail(ship);
      if (this.random() < 0.001) ship.pausedUntil = this.now + this.random() * 4000;
    }
    if (this.random() < 0.0003) this.ships.splice(Math.floor(this.random() * this.ships.length), 1);
    if (this.ships.length < 3 && this.random() < 0.01) this.launch();
    this.now += 5;
  }

  /** The plan goes on. */
  async change(): Promise<void> {
    const resume = await this.fleet.withdraw();
    this.becalmed = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.version++;
    this.becalmed = false;
    resume();
  }

  private launch(): void {
    const offset = this.random() * 1e6;
    const follower = new Follower({ plan, now: () => this.now + offset, wall: () => wall + this.now });
    this.ships.push({ follower, inboxes: [[], []], outbox: [], pausedUntil: 0 });
  }

  private enter(inbox: { readonly at: number; readonly signal: Signal }[], signal: Signal): void {
    const overtaken = inbox.findIndex((each) => (each.signal.kind === 'grant') === (signal.kind === 'grant'));
    if (overtaken >= 0 && this.random() < 0.5) inbox.splice(overtaken, 1);
    inbox.push({ at: this.arrival(inbox), signal });
  }

  private sail({ follower, inboxes, outbox, pausedUntil }: Ship): void {
    if (this.now < pausedUntil) return;
    for (const { signal } of inboxes.flatMap((inbox) => arrived(inbox, this.now))) {
      const word = follower.hear(signal);
      if (word !== undefined) outbox.push({ at: this.arrival(outbox), word });
    }
    const how = follower.steering();
    if (how.kind !== 'fixed') return;
    expect([how.ttl, this.becalmed]).toEqual([this.version, false]);
    follower.handed(`10.0.0.${Math.floor(this.random() * 250)}`, 'from', how.ttl);
    this.latestEnd = Math.max(this.latestEnd, this.now + how.ttl * 1000);
    this.answered++;
  }

  private arrival(queue: readonly { readonly at: number }[]): number {
    const delay = this.random() < 0.1 ? this.random() * 1500 : this.random() * 20;
    return Math.max(queue.at(-1)?.at ?? 0, this.now + delay);
  }
}

function arrived<T extends { readonly at: number }>(queue: T[], now: number): T[] {
  const count = queue.findIndex(({ at }) => at > now);
  return queue.splice(0, count < 0 ? queue.length : count);
}

test.each(Array.from({ length: 20 }, (_, i) => i + 1))(
  'nobody answers by what was before, and no lease is forgotten, whatever happens to whom: run %i',
  async (seed) => {
    const random = randomFrom(seed);
    const voyage = new Voyage(random);
    let changing: Promise<void> | undefined;
    while (voyage.now < 60_000) {
      voyage.step();
      expect(voyage.fleet.leases(voyage.ledger.latest).from).toBeGreaterThanOrEqual(voyage.latestEnd);
      if (changing === undefined && random() < 0.002) {
        changing = voyage.change().finally(() => {
          changing = undefined;
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    voyage.fleet.close();
    await changing;
    expect(voyage.answered).toBeGreaterThan(1000);
    expect(voyage.version).toBeGreaterThan(5);
  },
);
