// What an answer of the plugins behind shows of a moved name: A, B, both or neither.
import type { MovedName } from 'ferrydns/built-in/moves';
import { QueryType, type Reply } from 'ferrydns/plugin';

export interface Sighting {
  readonly shows: 'from' | 'to' | 'mixed' | 'nothing';
  /** Seconds. */
  readonly ttl: number;
  /** Whether a name was not answered for: what is not shown now may be shown later. */
  readonly failed: boolean;
}

export const nothing: Sighting = { shows: 'nothing', ttl: 0, failed: false };
export const failed: Sighting = { ...nothing, failed: true };
/** There is nothing of this type. */
export const empty: Sighting = { ...nothing };

/** `valuesOf` are the addresses and names that stand for a side. */
export function judge({ from, to }: MovedName, reply: Reply, valuesOf: (targets: MovedName['from']) => ReadonlySet<string>): Sighting {
  if (reply.answerCount === 0) return empty;
  const values = reply.answers.flatMap(({ typeCode, data }) => (isTelling(typeCode) ? [String(data).toLowerCase()] : []));
  const ttl = reply.answers.reduce((longest, { ttl: each }) => Math.max(longest, each), 0);
  const [a, b] = [valuesOf(from), valuesOf(to)];
  const leadsToA = values.some((each) => a.has(each) && !b.has(each));
  const leadsToB = values.some((each) => b.has(each));
  if (leadsToA) return { shows: leadsToB ? 'mixed' : 'from', ttl, failed: false };
  if (!leadsToB) return { shows: 'nothing', ttl, failed: false };
  // A CNAME to B brings addresses that the plan does not name.
  const strangers = values.some((each) => !b.has(each)) && to.every(({ kind }) => kind !== 'name');
  return { shows: strangers ? 'mixed' : 'to', ttl, failed: false };
}

function isTelling(typeCode: number): boolean {
  return typeCode === QueryType.A || typeCode === QueryType.AAAA || typeCode === QueryType.CNAME;
}

/** What one name shows: a family that the upstream does not have leads nowhere, so it says nothing of the other one. */
export function ofTypes(all: readonly Sighting[]): Sighting {
  const telling = all.filter((each) => each !== empty);
  return telling.length === 0 ? nothing : together(telling);
}

/** What all show together. */
export function together(all: readonly Sighting[]): Sighting {
  const ttl = all.reduce((longest, each) => Math.max(longest, each.ttl), 0);
  return { shows: commonOf(new Set(all.map(({ shows }) => shows))), ttl, failed: all.some(({ failed: some }) => some) };
}

/** All names show B, or one of them does not. */
function commonOf(shows: ReadonlySet<Sighting['shows']>): Sighting['shows'] {
  const [only] = shows;
  if (shows.size === 1 && only !== undefined) return only;
  return shows.has('nothing') && !shows.has('mixed') && !shows.has('from') ? 'nothing' : 'mixed';
}
