// The API for plugins is documented: every name that `ferrydns/plugin` exports says what it is.
import * as everything from 'ferrydns/plugin';
import { expect, test } from 'vitest';
import { topics } from '../scripts/plugin-api.ts';

const names = topics().flatMap((topic) => topic.names);

test('every exported name has a comment', () => {
  expect(names.filter(({ about }) => about === '').map(({ name }) => name)).toEqual([]);
});

test('the page has every value that the module exports, and nothing twice', () => {
  const listed = names.map(({ name }) => name);
  expect(Object.keys(everything).filter((name) => !listed.includes(name))).toEqual([]);
  expect(listed.filter((name, i) => listed.indexOf(name) !== i)).toEqual([]);
});
