// Who waits for an answer that several queries share.
import { describe, expect, test } from 'vitest';
import type { ReadonlyExchange } from '../../src/dns/exchange.ts';
import { answersToo, Exchange } from '../../src/dns/exchange.ts';

const asked = () => ({ exchange: new Exchange() });
const share = (first: { exchange: ReadonlyExchange }, other: { exchange: ReadonlyExchange }) => expect(answersToo(first, other)).toBe(true);

describe('an answer that two wait for', () => {
  test('is wanted until both have left, whoever leaves first', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const both = [asked(), asked()];
      const [first, other] = both as [ReturnType<typeof asked>, ReturnType<typeof asked>];
      share(first, other);
      const { signal } = first.exchange;
      both[order[0] as number]?.exchange.cancel('gone');
      expect([first.exchange.cancelled, signal.aborted]).toEqual([undefined, false]);
      both[order[1] as number]?.exchange.cancel('gone as well');
      expect(first.exchange.cancelled).toBe(order[0] === 0 ? 'gone' : 'gone as well');
      expect(signal.aborted).toBe(true);
    }
  });

  test('does not keep the other one from being cancelled', () => {
    const [first, other] = [asked(), asked()];
    share(first, other);
    other.exchange.cancel('gone');
    expect(other.exchange.signal.aborted).toBe(true);
    expect(first.exchange.cancelled).toBeUndefined();
  });

  test('may be waited for as long as the later of both waits', () => {
    const [first, other] = [asked(), asked()];
    first.exchange.deadline = 100;
    other.exchange.deadline = 200;
    share(first, other);
    expect([first.exchange.deadline, other.exchange.deadline]).toEqual([200, 200]);
  });
});

test('a third one who waits for the second keeps the first wanted', () => {
  const [first, second, third] = [asked(), asked(), asked()];
  share(first, second);
  share(second, third);
  first.exchange.cancel('gone');
  second.exchange.cancel('gone');
  expect(first.exchange.cancelled).toBeUndefined();
  third.exchange.cancel('gone');
  expect([first, second, third].map(({ exchange }) => exchange.cancelled)).toEqual(['gone', 'gone', 'gone']);
});

test('what nobody waits for any more is not shared, and what is said once is not taken back', () => {
  const [first, other] = [asked(), asked()];
  first.exchange.cancel('gone');
  expect(answersToo(first, other)).toBe(false);
  expect(first.exchange.cancelled).toBe('gone');
});

test('a query that is derived from the one it waits for is the same', () => {
  const first = asked();
  share(first, { exchange: first.exchange });
  first.exchange.cancel('gone');
  expect(first.exchange.cancelled).toBe('gone');
});
