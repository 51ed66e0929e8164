// The cluster in the other processes of a server: they hold what the primary one tells them, and do not ask the API server themselves.
import { type SharedState, type StateKey, type StateListener, sharedState } from 'ferrydns/plugin';
import type { Cluster } from './cluster.ts';
import type { Kind, Kinds } from './objects.ts';
import { type Serials, ServiceIndex } from './service-index.ts';
import type { WatchedCluster } from './watched-cluster.ts';

/** How it stands with the API server, as the primary process has it. */
interface Standing {
  readonly missing: string | undefined;
  readonly trouble: string | undefined;
  /** Milliseconds since 1970; undefined before the API server was heard of. */
  readonly heardAt: number | undefined;
}

type Entry = Kinds[Kind] | Standing | Serials;

/** Objects by "KIND NAMESPACE/NAME"; the standing and the serial numbers by words of their own. */
export const clusterState: StateKey<Entry, never> = sharedState<Entry>('cluster');

const standingKey = 'standing';
const serialsKey = 'serials';

/** How other processes are told. */
export interface Telling {
  /** Tells how it stands, if that has changed. */
  readonly standing: () => void;
  readonly end: () => void;
}

/** Tells the other processes of what is watched here. */
export function tellOthers(state: SharedState<Entry, never>, cluster: WatchedCluster): Telling {
  let told = '';
  const standing = () => {
    const staleness = cluster.staleness();
    const now: Standing = {
      missing: cluster.missing(),
      trouble: cluster.trouble(),
      heardAt: staleness === undefined ? undefined : Math.round(Date.now() / 1000 - staleness) * 1000,
    };
    const text = JSON.stringify(now);
    if (text !== told) state.set(standingKey, now);
    told = text;
  };
  let dated = '';
  const serials = () => {
    const text = JSON.stringify(cluster.index.serials);
    if (text !== dated) state.set(serialsKey, { ...cluster.index.serials });
    dated = text;
  };
  for (const [kind, key, object] of cluster.index.all()) state.set(`${kind} ${key}`, object);
  const end = cluster.subscribe((kind, key, object) => {
    if (object === undefined) state.delete(`${kind} ${key}`);
    else state.set(`${kind} ${key}`, object);
    serials();
  });
  serials();
  standing();
  return { standing, end };
}

/** The cluster as the primary process tells of it. */
export class FollowedCluster implements Cluster {
  /** The zone has one serial number, whichever process is asked: that of the primary one. */
  readonly index = new ServiceIndex({ wallClock: undefined });
  readonly listener: StateListener<Entry, never> = { changed: (key, value) => this.take(key, value) };
  private standing: Standing = { missing: 'waiting for the primary process of the server', trouble: undefined, heardAt: undefined };

  missing(): string | undefined {
    return this.standing.missing;
  }

  staleness(): number | undefined {
    const { heardAt } = this.standing;
    return heardAt === undefined ? undefined : Math.max(0, Date.now() - heardAt) / 1000;
  }

  trouble(): string | undefined {
    return this.standing.trouble;
  }

  private take(key: string, value: Entry | undefined): void {
    if (key === standingKey || key === serialsKey) {
      if (value === undefined) return;
      if (key === standingKey) this.standing = value as Standing;
      else Object.assign(this.index.serials, value as Serials);
      return;
    }
    const blank = key.indexOf(' ');
    const kind = key.slice(0, blank) as Kind;
    const name = key.slice(blank + 1);
    if (value === undefined) this.index.remove(kind, name);
    else this.index.put(kind, name, value as Kinds[Kind]);
  }
}
