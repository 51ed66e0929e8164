// The processes of a server: what each of them takes, and what workers tell the primary one of themselves and of what they have counted.
import type { UpstreamState } from 'ferrydns/built-in';
import type { CountedRoute } from './traffic/route-counts.ts';

/** What a process takes. Memory is in octets, `cpu` a share of one core since the last look. */
export interface ProcessUse {
  readonly pid: number;
  readonly rss: number;
  readonly heap: number;
  readonly cpu: number;
}

/** An upstream of a plugin in a server block. */
export interface BlockUpstream extends UpstreamState {
  readonly block: string;
  readonly plugin: string;
}

/** What a worker tells. */
export interface WorkerNews {
  readonly use: ProcessUse;
  readonly routes: readonly CountedRoute[];
  readonly upstreams: readonly BlockUpstream[];
}

/** Milliseconds of silence after which a worker counts as gone. */
const silence = 15_000;

/** Looks at this process again and again. */
export class OwnUse {
  private at = performance.now();
  private spent = process.cpuUsage();

  look(): ProcessUse {
    const at = performance.now();
    const { user, system } = process.cpuUsage(this.spent);
    const cpu = (user + system) / 1000 / Math.max(1, at - this.at);
    this.at = at;
    this.spent = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { pid: process.pid, rss, heap: heapUsed, cpu: Number(cpu.toFixed(3)) };
  }
}

interface Heard {
  readonly at: number;
  readonly news: WorkerNews;
}

/** What was heard of the workers last. */
export class KnownWorkers {
  private readonly heard = new Map<number, Heard>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  hear(news: WorkerNews): void {
    this.heard.set(news.use.pid, { at: this.now(), news });
  }

  /** Those that have been heard of late. */
  get present(): readonly WorkerNews[] {
    const now = this.now();
    for (const [pid, { at }] of this.heard) if (now - at > silence) this.heard.delete(pid);
    return [...this.heard.values()].map(({ news }) => news);
  }
}

/** The same upstream as several processes see it: up where it is for one of them that has heard of it. */
export function joinUpstreams(seen: readonly BlockUpstream[]): readonly BlockUpstream[] {
  const groups = Map.groupBy(seen, ({ block, plugin, address }) => JSON.stringify([block, plugin, address]));
  return [...groups.values()].flatMap(([first, ...others]) => (first === undefined ? [] : [others.reduce(joined, first)]));
}

function joined(one: BlockUpstream, other: BlockUpstream): BlockUpstream {
  const better = one.up === true || other.up === null ? one : other;
  const known = [one, other].filter(({ milliseconds }) => milliseconds !== null);
  const replies = one.replies + other.replies;
  const weight = known.reduce((sum, each) => sum + each.replies, 0);
  const sum = known.reduce((total, each) => total + (each.milliseconds ?? 0) * each.replies, 0);
  return { ...better, replies, failures: one.failures + other.failures, milliseconds: weight === 0 ? null : sum / weight };
}
