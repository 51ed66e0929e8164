// The domains that a file like resolv.conf names (resolv.conf(5)).
import { type Name, parseName } from '../dns/name.ts';

/** The domains of the last `search` or `domain` line; what is no name is passed over. */
export function searchDomainsIn(text: string): readonly Name[] {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const words = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain')?.slice(1) ?? [];
  return words.flatMap((word) => {
    try {
      return [parseName(word)];
    } catch {
      return [];
    }
  });
}
