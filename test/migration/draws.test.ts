// How often an upstream has drawn its answers anew: a draw that a cache shows again and again is one draw.
import { describe, expect, test } from 'vitest';
import { Draws, type Shown } from '../../src/migration/draws.ts';
import { randomFrom } from '../../src/migration/simulator/population.ts';

const least = 20;

function shown(at: number, ttl: number, more: Partial<Shown> = {}): Shown {
  return { source: 'cache', question: 'db A', shows: 'to', ttl, askedAt: at * 1000, heardAt: at * 1000 + 5, authoritative: false, ...more };
}

/** Caches behind one address that take turns, in front of a vendor that answers A or B by chance. */
class Caches {
  private readonly entries: { shows: 'from' | 'to'; end: number }[];
  private readonly ttl: number;
  private readonly draw: () => 'from' | 'to';
  private turn = 0;
  fetched = 0;

  constructor(count: number, ttl: number, draw: () => 'from' | 'to') {
    this.entries = Array.from({ length: count }, () => ({ shows: 'to' as const, end: -1 }));
    this.ttl = ttl;
    this.draw = draw;
  }

  /** What one of them has at this second, asked for when it has nothing; its TTL is in whole seconds, rounded as caches do. */
  ask(at: number, round: (seconds: number) => number): { readonly shows: 'from' | 'to'; readonly ttl: number } {
    const entry = this.entries[this.turn++ % this.entries.length];
    if (entry === undefined) throw new Error('no cache');
    if (entry.end <= at) {
      this.fetched++;
      Object.assign(entry, { shows: this.draw(), end: at + this.ttl });
    }
    return { shows: entry.shows, ttl: Math.max(0, round(entry.end - at)) };
  }
}

describe('one draw that a cache shows for its TTL counts once:', () => {
  test.each([
    ['rounded down', 1, Math.floor],
    ['rounded up', 1, Math.ceil],
    ['rounded', 1, Math.round],
    ['of three caches that take turns', 3, Math.floor],
    ['of five caches that take turns, rounded up', 5, Math.ceil],
  ])('%s', (_, count, round) => {
    const random = randomFrom(7);
    const caches = new Caches(count, 8, () => 'to');
    const draws = new Draws();
    for (let at = 0; at < 400; at += 0.7 + random()) draws.note(shown(at, caches.ask(at, round).ttl));
    const { seen } = draws.drawn(1000);
    expect(seen).toBeGreaterThan(30);
    expect(seen).toBeLessThanOrEqual(caches.fetched);
  });
});

test('a server of the zone itself draws with every answer, and so does whoever keeps nothing', () => {
  const draws = new Draws();
  for (let at = 0; at < 10; at++) draws.note(shown(at, 3600, { source: 'zone', authoritative: true }));
  expect(draws.drawn(least).seen).toBe(10);
  const uncached = new Draws();
  for (let i = 0; i < 10; i++) uncached.note(shown(i * 1.1, 3600));
  expect(uncached.drawn(least).seen).toBe(10);
});

test('draws of several upstreams add up, and every name needs as many', () => {
  const draws = new Draws();
  for (let at = 0; at < 100; at += 5) {
    for (const source of ['one', 'other']) draws.note(shown(at, 4, { source }));
    if (at < 50) draws.note(shown(at, 4, { question: 'replica A' }));
  }
  // As often as the name that has the fewest: a draw needs a second more than the TTL.
  expect(draws.drawn(least).seen).toBeLessThanOrEqual(10);
  for (let at = 100; at < 200; at += 6) draws.note(shown(at, 4, { question: 'replica A' }));
  expect(draws.drawn(least).seen).toBeGreaterThan(10);
});

test('A, or neither, from anybody begins anew, and each time that A comes back makes more draws wanted', () => {
  const draws = new Draws();
  for (let back = 0; back < 4; back++) {
    draws.note(shown(back * 100, 5));
    draws.note(shown(back * 100 + 10, 5, { source: 'other' }));
    expect(draws.drawn(least).seen).toBe(2);
    draws.note(shown(back * 100 + 20, 5, { shows: 'from' }));
    expect(draws.drawn(least).seen).toBe(0);
  }
  expect(draws.drawn(least).wanted).toBe(least + 3);
});

test('how long it takes is told by how often those who answer draw', () => {
  const draws = new Draws();
  draws.note(shown(0, 3600));
  expect(draws.drawn(least)).toEqual({ seen: 1, wanted: 20, left: 19 * 3601 });
  draws.note(shown(1, 3600, { source: 'other' }));
  expect(draws.drawn(least)).toEqual({ seen: 2, wanted: 20, left: 9 * 3601 });
});

test('a vendor that mixes half and half behind a cache does not look clean in an hour, whatever the seed', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomFrom(seed);
    const caches = new Caches(1, 8, () => (random() < 0.5 ? 'from' : 'to'));
    const draws = new Draws();
    for (let at = 0; at < 3600; at += 1.1) {
      draws.note(shown(at, ...answerOf(caches, at)));
      const { seen, wanted } = draws.drawn(least);
      expect(seen, `seed ${seed}, second ${at}`).toBeLessThan(wanted);
    }
  }
});

function answerOf(caches: Caches, at: number): [number, Partial<Shown>] {
  const { shows, ttl } = caches.ask(at, Math.floor);
  return [ttl, { shows }];
}
