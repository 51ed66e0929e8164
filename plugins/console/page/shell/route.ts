// Which view is shown: the part of the address behind "#", so that the server has one document only.

export const views = ['overview', 'queries', 'moves', 'pools', 'shadow', 'explain', 'configuration'] as const;
export type View = (typeof views)[number];

export interface Route {
  readonly view: View;
  /** What of it: the name of a plan, say. */
  readonly subject: string | undefined;
  readonly query: URLSearchParams;
}

export const titles: Readonly<Record<View, string>> = {
  overview: 'Overview',
  queries: 'Queries',
  moves: 'Moves',
  pools: 'Pools',
  shadow: 'Shadow',
  explain: 'Explain',
  configuration: 'Configuration',
};

/** "#/moves/www?x=1"; whatever is not known is the overview. */
export function readRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view, ...subject] = path.split('/');
  const known = views.find((each) => each === view);
  return { view: known ?? 'overview', subject: known === undefined ? undefined : decoded(subject.join('/')), query: new URLSearchParams(query) };
}

export function linkTo(view: View, subject?: string, query: Readonly<Record<string, string>> = {}): string {
  const words = new URLSearchParams(query).toString();
  return `#/${view}${subject === undefined ? '' : `/${encodeURIComponent(subject)}`}${words === '' ? '' : `?${words}`}`;
}

function decoded(text: string): string | undefined {
  try {
    return text === '' ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
