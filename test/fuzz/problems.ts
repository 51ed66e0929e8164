// What every problem of a file has to be: a place in its text, in words for people.
import { expect } from 'vitest';

/** What slips into messages when somebody forgot a case. */
const slips = ['undefined', '[object', 'is not a function', 'Cannot read', 'NaN'];

export function expectPlaces(problems: readonly { readonly place: { readonly line: number }; readonly message: string }[], text: string): void {
  const lines = text.split('\n').length;
  for (const { place, message } of problems) {
    // The text may have such a word itself.
    expect(slips.filter((slip) => message.includes(slip) && !text.includes(slip))).toEqual([]);
    expect(place.line).toBeGreaterThan(0);
    expect(place.line).toBeLessThanOrEqual(lines);
  }
}
