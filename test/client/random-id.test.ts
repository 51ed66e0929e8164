import { expect, test } from 'vitest';
import { randomId } from '../../src/client/random-id.ts';

test('ids have sixteen bits, cover all of them, and do not repeat each other', () => {
  const ids = Array.from({ length: 20_000 }, () => randomId());
  expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id <= 0xffff)).toBe(true);
  // Of 20,000 draws from 65,536 some 17,200 differ.
  expect(new Set(ids).size).toBeGreaterThan(16_500);
  expect(ids.filter((id) => id >= 0x8000).length).toBeGreaterThan(9000);
  expect(ids.filter((id, i) => id === ids[i + 1]).length).toBeLessThan(20);
});
