// What V8 tells of itself: where time and memory go. The inspector is loaded when somebody asks.
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';

/** A profile of where CPU time goes, as .cpuprofile. */
export async function profileTime(milliseconds: number, signal: AbortSignal): Promise<string> {
  return await inspect(async (session) => {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await passed(milliseconds, signal);
    return JSON.stringify((await session.post('Profiler.stop')).profile);
  });
}

/** A sample of what is allocated, as .heapprofile. */
export async function profileAllocations(milliseconds: number, signal: AbortSignal): Promise<string> {
  return await inspect(async (session) => {
    await session.post('HeapProfiler.startSampling');
    await passed(milliseconds, signal);
    return JSON.stringify((await session.post('HeapProfiler.stopSampling')).profile);
  });
}

/** All that is on the heap, as .heapsnapshot, piece by piece. The process does nothing else while it is taken. */
export async function* snapshotHeap(): AsyncIterable<string> {
  for await (const piece of getHeapSnapshot()) yield String(piece);
}

/** What the collector of garbage does meanwhile, a line for each time that it runs. */
export async function traceCollections(milliseconds: number, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { startTime, duration } = entry;
      const { detail } = entry as { readonly detail?: { readonly kind?: number } };
      const kind = kinds.get(detail?.kind ?? 0) ?? 'other';
      lines.push(`${startTime.toFixed(1)} ms: ${kind}, ${duration.toFixed(2)} ms`);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  await passed(milliseconds, signal);
  observer.disconnect();
  const { heapUsed, heapTotal, rss } = process.memoryUsage();
  return [...lines, `heap ${heapUsed} of ${heapTotal} octets in use, process ${rss} octets`, ''].join('\n');
}

/** The kinds of collections (perf_hooks.constants). */
const kinds = new Map([
  [1, 'scavenge'],
  [2, 'minor mark-sweep'],
  [4, 'mark-sweep-compact'],
  [8, 'incremental marking'],
  [16, 'weak callbacks'],
]);

/** What keeps the process alive, by kind: sockets, timers and the like. */
export function describeResources(): string {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`);
  return `${lines.join('\n')}\n`;
}

/** Watches how long the event loop is held up. */
export class Blocking {
  private readonly histogram: ReturnType<typeof monitorEventLoopDelay>;

  /** `resolution`: milliseconds between two looks. */
  constructor(resolution: number) {
    this.histogram = monitorEventLoopDelay({ resolution });
    this.histogram.enable();
  }

  describe(): string {
    const { histogram } = this;
    const shown = [50, 90, 99, 99.9, 100].map((share) => `${share} %: ${(histogram.percentile(share) / 1e6).toFixed(2)} ms`);
    return `${histogram.count} looks\n${shown.join('\n')}\n`;
  }

  stop(): void {
    this.histogram.disable();
  }
}

type Session = import('node:inspector/promises').Session;

let busy = false;

/** Runs with a session of the inspector; one at a time, as profiles would count each other. */
async function inspect<T>(run: (session: Session) => Promise<T>): Promise<T> {
  if (busy) throw new Error('profiling is already in use');
  busy = true;
  const { Session } = await import('node:inspector/promises');
  const session = new Session();
  session.connect();
  try {
    return await run(session);
  } finally {
    session.disconnect();
    busy = false;
  }
}

/** A client that goes away, or a server that ends, cuts it short. */
async function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => {});
}
