// Label selectors, as `labels` and `namespace_labels` state them: read here so that a mistake is told with its place, and not by the API server.

const key = String.raw`(?:[a-z\d](?:[-a-z\d.]*[a-z\d])?/)?[A-Za-z\d](?:[-\w.]*[A-Za-z\d])?`;
const value = String.raw`(?:[A-Za-z\d](?:[-\w.]*[A-Za-z\d])?)?`;
/** One requirement of a selector. */
const requirement = new RegExp(
  String.raw`^\s*(?:(!)?\s*(${key})|(${key})\s*==?\s*${value}|(${key})\s+(?:in|notin)\s*\(\s*${value}(?:\s*,\s*${value})*\s*\))\s*$`,
);

/** The selector in these words, as the API takes it. Throws an Error with the part that is none. */
export function readSelector(words: readonly string[]): string {
  const text = words.join(' ');
  for (const part of text.split(/,(?![^(]*\))/)) {
    // What CoreDNS reads its selectors with knows no such operator.
    if (part.includes('!=')) throw new Error(`"!=" is not a valid label selector operator, expected KEY notin (VALUE)`);
    if (!requirement.test(part)) throw new Error(`found '${part.trim()}', expected KEY, !KEY, KEY=VALUE, KEY in (VALUES) or KEY notin (VALUES)`);
  }
  return text;
}
