// The differences that are shown.
import type { ShadowDifference } from './shadow-types.ts';

const most = 300;

/** The newest first, each once. */
export function withNewDifferences(shown: readonly ShadowDifference[], news: readonly ShadowDifference[]): readonly ShadowDifference[] {
  const all = new Map([...shown, ...news].map((each) => [each.number, each]));
  return [...all.values()].sort((a, b) => b.number - a.number).slice(0, most);
}

/** Those that differ in this; undefined: all. */
export function ofKind(shown: readonly ShadowDifference[], kind: string | undefined): readonly ShadowDifference[] {
  return kind === undefined ? shown : shown.filter(({ differences }) => differences.some((each) => each.kind === kind));
}
