// What instances share: who hears what, from when on, and what is refused.
import { sharedState } from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { makeLogger } from '../../src/log/logger.ts';
import { Outbox } from '../../src/server/outbox.ts';
import { type Note, SharedStates } from '../../src/server/shared-states.ts';

const lines: string[] = [];
const sharer = { identity: 'one', log: makeLogger((line) => lines.push(line), { debug: false, form: 'text' }) };
const words = sharedState<string, string>('words');
const address = { serial: 1, identity: 'one', label: 'words' };

/** In a worker, with what it has told. */
function worker() {
  const notes: Note[] = [];
  const left: (() => void)[] = [];
  const note = (each: Note, sent: () => void) => {
    notes.push(each);
    left.push(sent);
  };
  const link = { follow: () => {}, note };
  return { states: new SharedStates(1, link), notes, left };
}

test('an instance in a worker is told what came before it had started when it has, and changes from there on', () => {
  const { states } = worker();
  const heard: string[] = [];
  const state = states.open(sharer, words, { changed: (key, value) => heard.push(`${key}=${value ?? ''}`) });
  states.update({ ...address, changes: [['a', '1'], ['b', '1'], ['b'], ['c', '1']] });
  expect(heard).toEqual([]);
  expect([...state.entries.keys()]).toEqual(['a', 'c']);
  states.begin('one');
  states.update({ ...address, changes: [['a', '2'], ['c'], ['a', '2']] });
  expect(heard).toEqual(['a=1', 'c=1', 'a=2', 'c=', 'a=2']);
  states.end();
  states.update({ ...address, changes: [['a', '3']] });
  expect(heard).toHaveLength(5);
});

test('the primary process hears what workers told before it had started, in order, and until the configuration is gone', () => {
  const states = new SharedStates(1, undefined);
  states.note({ ...address, note: 'early' });
  const heard: string[] = [];
  states.open(sharer, words, { told: (note) => heard.push(note) });
  states.note({ ...address, note: 'starting' });
  expect(heard).toEqual([]);
  states.begin('one');
  states.note({ ...address, note: 'now' });
  states.end();
  states.note({ ...address, note: 'last' });
  expect(heard).toEqual(['early', 'starting', 'now', 'last']);
});

test('the primary process hears that a worker follows when it has started, and again when there was none in between', () => {
  const states = new SharedStates(1, undefined);
  const heard: string[] = [];
  const outbox = () => new Outbox(async ({ changes }) => void heard.push(`sent ${changes.map(([key]) => key)}`), sharer.log);
  const state = states.open(sharer, words, {
    followed: () => {
      heard.push('followed');
      state.set('a', '1');
    },
  });
  const [one, two, three] = [outbox(), outbox(), outbox()] as const;
  states.follow(address, one);
  expect(heard).toEqual([]);
  states.begin('one');
  states.follow(address, two);
  expect(heard).toEqual(['followed']);
  one.end(new Error('gone'));
  two.end(new Error('gone'));
  states.follow(address, three);
  expect(heard).toEqual(['followed', 'followed']);
  expect([...state.entries.keys()]).toEqual(['a']);
});

test('what a listener throws is logged, and the next change is told', () => {
  const { states } = worker();
  const heard: string[] = [];
  const changed = (key: string) => {
    heard.push(key);
    throw new Error(`no room for ${key}`);
  };
  states.open(sharer, words, { changed });
  states.begin('one');
  states.update({
    ...address,
    changes: [
      ['a', '1'],
      ['b', '1'],
    ],
  });
  expect(heard).toEqual(['a', 'b']);
  expect(lines).toEqual([expect.stringContaining('no room for a'), expect.stringContaining('no room for b')]);
});

test('entries are replaced by the difference', () => {
  const states = new SharedStates(1, undefined);
  const state = states.open(sharer, sharedState<{ readonly ttl: number }>('zones'), {});
  const same = { ttl: 5 };
  state.replace(
    new Map([
      ['a', same],
      ['b', { ttl: 5 }],
    ]),
  );
  state.replace(
    new Map([
      ['a', { ttl: 5 }],
      ['c', { ttl: 6 }],
    ]),
  );
  expect([...state.entries]).toEqual([
    ['a', same],
    ['c', { ttl: 6 }],
  ]);
  expect(state.entries.get('a')).toBe(same);
});

test('a worker changes nothing, and says so when too much is on its way', () => {
  const { states, notes, left } = worker();
  const state = states.open(sharer, words, {});
  for (const change of [() => state.set('a', '1'), () => state.delete('a'), () => state.replace(new Map())]) {
    expect(change).toThrow('a worker cannot change what the primary process shares');
  }
  const told = Array.from({ length: 1001 }, (_, i) => state.tell(`note ${i}`));
  expect(told.indexOf(false)).toBe(1000);
  left[0]?.();
  expect(state.tell('once more')).toBe(true);
  expect(notes.map(({ note }) => note).slice(-2)).toEqual(['note 999', 'once more']);
});

test('a state is shared in start, and once', () => {
  const states = new SharedStates(1, undefined);
  states.open(sharer, words, {});
  expect(() => states.open(sharer, words, {})).toThrow("state 'words' is shared twice");
  states.begin('one');
  expect(() => states.open(sharer, sharedState('others'), {})).toThrow("state 'others' is shared too late, expected it in start");
});
