// cache: its tables as bytes. Random histories are held against a Map; what an entry takes is counted in octets.
import { EdnsOption, makeQuery, ownClient, parseName, type Query, Reply, record } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { Entry } from '../../plugins/cache/entry.ts';
import { demandsOf, keptDemands, keyOf } from '../../plugins/cache/key.ts';
import { Store } from '../../plugins/cache/store.ts';
import { chance } from '../support/chance.ts';

const mebibyte = 2 ** 20;

const ask = (name: string): Query => makeQuery({ name: parseName(name), type: 'TXT', client: ownClient, receivedAt: 0 });

/** A TXT answer whose message has some octets more than `size`. */
function entryFor(query: Query, size: number, ttl: number, more: { wildcard?: string | undefined; options?: boolean } = {}): Entry {
  const data = Array.from({ length: Math.ceil(size / 200) }, (_, index) => Buffer.alloc(Math.min(200, size - index * 200), 65 + (ttl % 26)));
  const answer = record({ name: query.name, type: 'TXT', ttl, data });
  const options = more.options === true ? [{ code: EdnsOption.EDE, data: Buffer.from([0, 3, ...Buffer.from('why')]) }] : [];
  return new Entry({
    reply: Reply.answer([answer], { options }).aged(ttl, 0x400, options),
    kind: 'success',
    ttl,
    stored: 0,
    answering: true,
    forEverybody: false,
    demands: keptDemands(demandsOf(query)),
    wildcard: more.wildcard,
  });
}

function get(store: Store, query: Query): Entry | undefined {
  const demands = demandsOf(query);
  return store.get(keyOf(query, demands), query, demands);
}

function set(store: Store, query: Query, entry: Entry): number | undefined {
  return store.set(keyOf(query, demandsOf(query)), query, entry);
}

/** A store, and what it must give: entries in the order in which they were used, the first the next to go, unless it was asked for and is passed over. */
class Twins {
  private readonly store: Store;
  private readonly model = new Map<string, Entry>();
  private readonly capacity: number;
  /** How often each will be passed over. */
  private readonly spared = new Map<string, number>();

  constructor(capacity: number) {
    this.capacity = capacity;
    this.store = new Store(capacity, 64 * mebibyte);
  }

  keep(query: Query, entry: Entry): void {
    const { model } = this;
    model.delete(query.name);
    const isFull = model.size >= this.capacity;
    if (isFull) this.model.delete(this.leastWanted());
    model.set(query.name, entry);
    this.spared.set(query.name, 0);
    expect(set(this.store, query, entry)).toBe(isFull ? 1 : 0);
  }

  private leastWanted(): string {
    for (let passed = 0; ; passed++) {
      const [[name, entry] = ['', undefined]] = this.model;
      const chances = this.spared.get(name) ?? 0;
      if (entry === undefined || chances === 0 || passed === 1024) return name;
      this.spared.set(name, chances - 1);
      this.model.delete(name);
      this.model.set(name, entry);
    }
  }

  ask(query: Query): void {
    const known = this.model.get(query.name);
    const found = get(this.store, query);
    expect(found && contentsOf(found)).toEqual(known && contentsOf(known));
    if (known === undefined) return;
    this.model.delete(query.name);
    this.model.set(query.name, known);
    this.spared.set(query.name, 3);
  }

  forget(query: Query): void {
    this.model.delete(query.name);
    this.store.delete(keyOf(query, demandsOf(query)));
    expect(this.store.size).toBe(this.model.size);
  }
}

/** What of an entry is to be the same. */
function contentsOf({ ttl, kind, wildcard, reply }: Entry): unknown {
  const options = reply.options.map(({ code, data }) => [code, [...data]]);
  return { ttl, kind, wildcard, replyTtl: reply.ttl, flags: reply.flags, data: reply.answers[0]?.data, options };
}

test.each([1, 2, 3])('a random history gives what a Map gives (seed %i)', (seed) => {
  const random = chance(seed);
  const twins = new Twins(1500);
  for (let step = 0; step < 12_000; step++) {
    const query = ask(`n${random(3000)}.test.`);
    const deed = random(10);
    if (deed < 5) {
      const size = 1 + random(random(20) === 0 ? 20_000 : 300);
      const wildcard = random(4) === 0 ? '*.test.' : undefined;
      twins.keep(query, entryFor(query, size, 1 + random(1000), { wildcard, options: random(4) === 0 }));
    } else if (deed < 9) twins.ask(query);
    else twins.forget(query);
  }
});

test('an entry takes its message and at most 200 octets, and gaps at most a third more', () => {
  const entries = 10_000;
  const store = new Store(entries, 64 * mebibyte);
  const message = ask('n1000000.test.').questionLength + 12 + 12 + 41;
  for (let index = 0; index < 5 * entries; index++) {
    const query = ask(`n${1_000_000 + index}.test.`);
    set(store, query, entryFor(query, 40, 60));
  }
  expect(store.size).toBe(entries);
  expect(store.heldOctets / entries).toBeLessThan(message + 200);
});

test.each([
  ['small', 200, mebibyte],
  ['of 60,000 octets', 60_000, 16 * mebibyte],
])('answers that are %s do not take more than the limit and a fifth of it (CVE-2023-2828)', (_, size, limit) => {
  const store = new Store(1_000_000, limit);
  for (let index = 0; index < (4 * limit) / size; index++) {
    const query = ask(`n${index}.test.`);
    set(store, query, entryFor(query, size, 60));
  }
  expect(store.octets).toBeGreaterThan(0.9 * limit);
  expect(store.heldOctets).toBeLessThan(1.2 * limit);
});

test('a table is bounded in octets, and what was not used for longest goes first', () => {
  const store = new Store(100_000, mebibyte);
  let evicted = 0;
  for (let index = 0; index < 2000; index++) {
    const query = ask(`n${index}.test.`);
    evicted += set(store, query, entryFor(query, 2000, 60)) ?? 0;
    expect(store.octets).toBeLessThanOrEqual(mebibyte);
    expect(get(store, ask('n0.test.'))?.ttl).toBe(60);
  }
  expect(evicted).toBe(2000 - store.size);
  expect(get(store, ask('n1.test.'))).toBeUndefined();
});

test('what is asked for now and then stays while three times the capacity comes that nobody asks for twice', () => {
  const store = new Store(1500, 64 * mebibyte);
  const wanted = Array.from({ length: 300 }, (_, index) => ask(`wanted${index}.test.`));
  const keep = (query: Query) => set(store, query, entryFor(query, 40, 60));
  for (const query of wanted) keep(query);
  for (let index = 0; index < 20 * 1500; index++) {
    if (index % (2 * 1500) === 0) for (const query of wanted) expect(get(store, query), query.name).toBeDefined();
    keep(ask(`once${index}.test.`));
  }
  // Nobody asks for them any more: they are not kept for ever.
  expect(wanted.filter((query) => get(store, query) !== undefined)).toHaveLength(300);
  for (let index = 0; index < 10 * 1500; index++) keep(ask(`later${index}.test.`));
  expect(wanted.filter((query) => get(store, query) !== undefined)).toEqual([]);
});

test('a count of hits and a refresh under way outlast that many others were asked for meanwhile', () => {
  const store = new Store(20_000, 64 * mebibyte);
  const first = ask('first.test.');
  const second = ask('second.test.');
  for (const query of [first, second]) set(store, query, entryFor(query, 40, 60));
  get(store, first)?.hit(1000, 60_000);
  const refreshing = get(store, second);
  refreshing?.beginRefresh(1000);
  for (let index = 0; index < 10_000; index++) {
    const query = ask(`n${index}.test.`);
    set(store, query, entryFor(query, 40, 60));
    get(store, query);
  }
  expect(get(store, first)?.hit(2000, 60_000)).toBe(2);
  expect(get(store, second)).toBe(refreshing);
});
