// The live log: which events are shown, and by which filters.
import type { NumberedEvent } from 'ferrydns/built-in';

/** Events that the page keeps. */
const mostShown = 300;

const filterNames = ['name', 'client', 'type', 'rcode', 'cache', 'slow', 'failed'] as const;
export type Filters = Readonly<Partial<Record<(typeof filterNames)[number], string>>>;

/** The newest first, each once. `news` may be in any order. */
export function withNews(shown: readonly NumberedEvent[], news: readonly NumberedEvent[], most = mostShown): readonly NumberedEvent[] {
  if (news.length === 0) return shown;
  const all = new Map([...shown, ...news].map((event) => [event.number, event]));
  return [...all.values()].sort((a, b) => b.number - a.number).slice(0, most);
}

/** The filters of the page's address; what is not known is left out. */
export function readFilters(query: URLSearchParams): Filters {
  return Object.fromEntries(
    filterNames.flatMap((name) => {
      const word = query.get(name)?.trim() ?? '';
      return word === '' ? [] : [[name, word]];
    }),
  );
}

/** What the server is asked with. A name without `*` is looked for anywhere, as people expect of a field to search in. */
function filterWords(filters: Filters): Record<string, string> {
  const { name, ...rest } = filters;
  return { ...(name === undefined ? {} : { name: /[*]/.test(name) || name.endsWith('.') ? name : `*${name}*` }), ...rest };
}

export function queryPath(path: string, filters: Filters, more: Readonly<Record<string, string>> = {}): string {
  const words = new URLSearchParams({ ...filterWords(filters), ...more }).toString();
  return words === '' ? path : `${path}?${words}`;
}
