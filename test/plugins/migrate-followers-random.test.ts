// Processes that answer by what another one grants, at random: stopped, slow, killed and started, with messages that arrive late.
import { migration } from 'ferrydns/built-in/moves';
import { expect, test } from 'vitest';
import { Follower } from '../../plugins/migrate/workers/follower.ts';
import { Followers } from '../../plugins/migrate/workers/followers.ts';
import type { FollowerMessage, Signal } from '../../plugins/migrate/workers/snapshot.ts';
import { randomFrom } from '../../src/migration/simulator/population.ts';
import { readPlanFile } from '../../src/plans/plan-file.ts';

const wall = Date.parse('2026-06-01T12:00:00Z');
const { plan } = readPlanFile('plan: www\nnames:\n  www.example.org: { from: 192.0.2.1, to: 192.0.2.2 }\nttl: 30\n', 'plan.yaml').move;

interface Process {
  readonly follower: Follower;
  /** For each channel. */
  readonly inboxes: readonly { readonly at: number; readonly signal: Signal }[][];
  readonly outbox: { readonly at: number; readonly word: FollowerMessage }[];
  pausedUntil: number;
}

/**
 * Processes whose followers are stopped, slow, killed and started at random. Messages of a channel arrive late, but in order, and where it is busy the last
 * grant and the last call take the place of those before. The TTL tells by which version of the plan an answer was given.
 */
class World {
  now = 0;
  version = 1;
  /** Between what is withdrawn and what is granted next. */
  withdrawn = false;
  answered = 0;
  latestEnd = 0;
  readonly ledger = new migration.Ledger({ slack: 0, caches: 0 });
  readonly followers: Followers;
  private readonly random: () => number;
  private readonly soon: (() => void)[] = [];
  private readonly processes: Process[] = [];

  constructor(random: () => number) {
    this.random = random;
    this.followers = new Followers({
      now: () => this.now,
      snapshot: () => ({
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
      this.followers.join((signal) => {
        for (const { inboxes } of this.processes) this.enter(inboxes[channel] ?? [], signal);
      });
    }
  }

  step(): void {
    if (this.now % 100 === 0) this.followers.tick();
    for (const run of this.soon.splice(0)) run();
    for (const each of this.processes) {
      for (const { word } of arrived(each.outbox, this.now)) this.followers.hear(word);
      this.run(each);
      if (this.random() < 0.001) each.pausedUntil = this.now + this.random() * 4000;
    }
    if (this.random() < 0.0003) this.processes.splice(Math.floor(this.random() * this.processes.length), 1);
    if (this.processes.length < 3 && this.random() < 0.01) this.begin();
    this.now += 5;
  }

  /** The plan goes on. */
  async change(): Promise<void> {
    const resume = await this.followers.withdraw();
    this.withdrawn = true;
    await new Promise((resolve) => setImmediate(resolve));
    this.version++;
    this.withdrawn = false;
    resume();
  }

  private begin(): void {
    const offset = this.random() * 1e6;
    const follower = new Follower({ plan, now: () => this.now + offset, wall: () => wall + this.now });
    this.processes.push({ follower, inboxes: [[], []], outbox: [], pausedUntil: 0 });
  }

  private enter(inbox: { readonly at: number; readonly signal: Signal }[], signal: Signal): void {
    const overtaken = inbox.findIndex((each) => (each.signal.kind === 'grant') === (signal.kind === 'grant'));
    if (overtaken >= 0 && this.random() < 0.5) inbox.splice(overtaken, 1);
    inbox.push({ at: this.arrival(inbox), signal });
  }

  private run({ follower, inboxes, outbox, pausedUntil }: Process): void {
    if (this.now < pausedUntil) return;
    for (const { signal } of inboxes.flatMap((inbox) => arrived(inbox, this.now))) {
      const word = follower.hear(signal);
      if (word !== undefined) outbox.push({ at: this.arrival(outbox), word });
    }
    const how = follower.steering();
    if (how.kind !== 'fixed') return;
    expect([how.ttl, this.withdrawn]).toEqual([this.version, false]);
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
    const world = new World(random);
    let changing: Promise<void> | undefined;
    while (world.now < 60_000) {
      world.step();
      expect(world.followers.leases(world.ledger.latest).from).toBeGreaterThanOrEqual(world.latestEnd);
      if (changing === undefined && random() < 0.002) {
        changing = world.change().finally(() => {
          changing = undefined;
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    world.followers.close();
    await changing;
    expect(world.answered).toBeGreaterThan(1000);
    expect(world.version).toBeGreaterThan(5);
  },
);
