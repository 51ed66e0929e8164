// How often the upstream has drawn its answers anew since it shows B alone: what a hand-back rests on. By chance a vendor that still mixes A and B looks clean for
// a while, and a cache in between shows one draw for as long as its TTL lasts.

/** One answer. */
export interface Shown {
  /** Who gave it. */
  readonly source: string;
  /** Name and type. */
  readonly question: string;
  readonly shows: 'from' | 'to' | 'mixed' | 'nothing';
  /** Seconds. */
  readonly ttl: number;
  /** Milliseconds on a monotonic clock. */
  readonly askedAt: number;
  readonly heardAt: number;
  /** The source has the zone itself: every answer is a draw. */
  readonly authoritative: boolean;
}

/** How many draws there were. */
export interface Drawn {
  readonly seen: number;
  readonly wanted: number;
  /** Seconds until there are as many as wanted, about; null: nobody knows. */
  readonly left: number | null;
}

/** What is known of the answers of one source to one question. */
interface Source {
  /** When what was cached of all that it showed is gone at the latest, milliseconds. */
  readonly expiry: number;
  /** Draws that showed B alone. */
  readonly draws: number;
  /** Seconds from one draw to the next. */
  readonly every: number;
}

/** Milliseconds by which a cache that counts in whole seconds may be off. */
const rounding = 1000;

export class Draws {
  private readonly sources = new Map<string, Map<string, Source>>();
  /** How often A came back. */
  private returns = 0;

  /** Notes an answer. A draw is counted when the TTL began anew: all that was cached before is over sooner. */
  note({ source, question, shows, ttl, askedAt, heardAt, authoritative }: Shown): void {
    const bySource = this.sources.get(question) ?? new Map<string, Source>();
    this.sources.set(question, bySource);
    const known = bySource.get(source) ?? { expiry: Number.NEGATIVE_INFINITY, draws: 0, every: 0 };
    const fresh = authoritative || askedAt + ttl * 1000 > known.expiry;
    const expiry = Math.max(known.expiry, heardAt + ttl * 1000 + rounding);
    const every = authoritative ? 1 : Math.max(known.every, ttl + rounding / 1000);
    bySource.set(source, { expiry, every, draws: known.draws + (fresh && shows === 'to' ? 1 : 0) });
    if (shows !== 'to') this.beginAnew();
  }

  /** Every question needs as many draws as wanted. Each time that A came back is another chance to be wrong: as often as their number doubles, one more is wanted. */
  drawn(least: number): Drawn {
    const wanted = least + Math.ceil(Math.log2(this.returns + 1));
    let seen = Number.POSITIVE_INFINITY;
    let left = 0;
    for (const bySource of this.sources.values()) {
      const all = [...bySource.values()];
      const draws = all.reduce((sum, each) => sum + each.draws, 0);
      const perSecond = all.reduce((sum, { every }) => sum + 1 / Math.max(1, every), 0);
      seen = Math.min(seen, draws);
      left = Math.max(left, perSecond === 0 ? Number.POSITIVE_INFINITY : Math.max(0, wanted - draws) / perSecond);
    }
    if (seen === Number.POSITIVE_INFINITY) return { seen: 0, wanted, left: null };
    return { seen, wanted, left: Number.isFinite(left) ? Math.ceil(left) : null };
  }

  private beginAnew(): void {
    let any = false;
    for (const bySource of this.sources.values()) {
      for (const [source, known] of bySource) {
        any ||= known.draws > 0;
        bySource.set(source, { ...known, draws: 0 });
      }
    }
    if (any) this.returns++;
  }
}

/** One in how many vendors that mix A and B half and half shows B alone in so many draws. */
export function wrongOnceIn(draws: number): number {
  return 2 ** draws;
}
