// Regular expressions for "matches": RE2's, in linear time, because what they meet is chosen by strangers.
import { RE2JS } from 're2js';

/** Octets of a pattern at most: compiling a longer one could exhaust the memory. */
const maxLength = 10_000;

/** Whether a text matches. Throws an Error when the pattern is malformed. */
export function compilePattern(source: string): (text: string) => boolean {
  if (source.length > maxLength) throw new Error(`a pattern has ${maxLength} characters at most`);
  const compiled = RE2JS.compile(source);
  return (text) => compiled.test(text);
}
