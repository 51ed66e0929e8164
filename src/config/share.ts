// Shares in percent, as options take them.
import { type Value, value } from './values.ts';

/** A word such as "5%" as a number from 0 to 1; `example` is what an error proposes. */
export function share(example: string): Value<number> {
  return value('PERCENTAGE', readShare, {
    expected: `a share such as ${example}`,
    schema: { type: ['string'], pattern: '^(\\d{1,2}(\\.\\d+)?|100)%$' },
  });
}

function readShare(word: string): number {
  const number = Number(word.replace(/%$/, ''));
  if (!/^\d{1,3}(\.\d+)?%$/.test(word) || number > 100) throw new Error(`share '${word}', expected 0% to 100%`);
  return number / 100;
}
