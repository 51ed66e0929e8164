// The example of replicas behind pools and their move to new ones, with fewer readers: real servers and members in processes of their own.
import { describe, expect, test } from 'vitest';
import { judge } from '../../examples/migration/replicas/move.ts';
import type { Told } from '../../examples/migration/replicas/readers.ts';
import type { Kept } from '../../examples/migration/replicas/stage.ts';
import { tell } from '../../examples/migration/replicas/story.ts';
import { ferrydns } from '../../examples/migration/service.ts';

test('a backup serves while the primary is down, an agent gets its share, and readers move to new replicas without going back', async () => {
  const promises = await tell({ readers: 50, answers: 1500, command: ferrydns });
  expect(promises.filter(({ kept }) => !kept)).toEqual([]);
  expect(promises.map(({ what }) => what).filter((what) => what !== '')).toEqual([
    'all are well',
    'the primary is killed',
    'the primary is back',
    'an agent says 25%',
    'a mail server is killed',
    'before the move',
    'canary 10%',
    'canary 50%',
    'a new replica is killed',
    'A is no longer handed out',
    'over the whole move',
    'A may be switched off',
  ]);
});

describe('the verdict notices', () => {
  const old = '127.0.2.31';
  const fresh = '127.0.2.41';
  const history = (...addresses: readonly string[]): Told[] =>
    addresses.map((address, i) => ({ address, side: address.startsWith('127.0.2.3') ? 'old' : 'new', at: 1000 * i, until: 1000 * i + 1000 }));

  function broken(told: readonly Told[][], { switchedOff = 1e6, failures = 0, onNew = [[], [0]] as number[][] } = {}): string[] {
    const found: Kept[] = [];
    judge({ told, failures }, { found: (promise) => found.push(promise), onNew, switchedOff });
    return found.filter(({ kept }) => !kept).map(({ promised }) => promised);
  }

  test('nothing when a reader goes from an old replica to a new one', () => expect(broken([history(old, old, fresh)])).toEqual([]));
  test('nothing when its new replica dies', () => expect(broken([history(old, '127.0.2.42', fresh)])).toEqual([]));
  test('a reader that goes back', () => expect(broken([history(old, fresh, old, fresh)])).toContain('who has seen B never sees A again'));
  test('a reader that a later step takes back', () =>
    expect(broken([history(old, fresh)], { onNew: [[0], []] })).toEqual(['who has seen B never sees A again']));
  test('a reader that changes without need', () =>
    expect(broken([history(old, '127.0.2.32', fresh)])).toEqual(['a reader stays with its replica as long as that is well']));
  test('a question without an answer', () => expect(broken([history(old, fresh)], { failures: 1 })).toEqual(['every question is answered']));
  test('a time for switching off that is too early', () => {
    expect(broken([history(old, old, fresh)], { switchedOff: 1999 })).toEqual(['not before the last answer with A is over']);
    expect(broken([history(old, old, fresh)], { switchedOff: 2000 })).toEqual([]);
  });
});
