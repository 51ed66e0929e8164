// `querylog` in one server block, from set-up to stop: which events go where in which process.
import { type RecentQueries, recentQueries } from 'ferrydns/built-in';
import { type AdminAccess, adminUse, openAdmin } from 'ferrydns/built-in/admin';
import {
  type Capability,
  capability,
  type ExamineContext,
  type Instance,
  type Provided,
  provide,
  requestObserver,
  type SetupContext,
  type StartContext,
  sharedState,
} from 'ferrydns/plugin';
import { Batch } from './batch.ts';
import { Log, LogMetrics } from './log.ts';
import { Memory } from './memory.ts';
import type { LogSettings, MemorySettings } from './options.ts';
import { queries } from './pages.ts';
import { QueryLog } from './query-log.ts';
import { recentIn } from './recent.ts';

/** Events of a worker, on their way to the primary process. */
interface Note {
  /** Which directive of the block they are of. */
  readonly log: number;
  readonly records: Uint8Array;
  readonly count: number;
}

/** By this the instances of a configuration find each other. */
const logged: Capability<QueryLogInstance> = capability('querylog');
const eventsState = sharedState<never, Note>('events');
/** Milliseconds after which events go on at the latest. */
const pace = 100;

export class QueryLogInstance implements Instance {
  readonly wireStep: QueryLog;
  readonly provides: readonly Provided[];
  private readonly context: SetupContext;
  private readonly metrics: LogMetrics;
  private readonly logs: readonly Log[];
  private readonly memorySettings: MemorySettings | undefined;
  private accesses: readonly AdminAccess[] = [];
  private memory: Memory | undefined;
  private batches: readonly Batch[] = [];

  constructor(settings: readonly LogSettings[], context: SetupContext) {
    this.context = context;
    this.metrics = new LogMetrics(context.metrics);
    this.logs = settings.map((each) => new Log(each, this.metrics));
    this.memorySettings = settings.find(({ memory }) => memory !== undefined)?.memory;
    const [only] = this.logs;
    const recorder = this.logs.length === 1 && only !== undefined ? only : { record: this.recordAll.bind(this) };
    this.wireStep = new QueryLog(recorder, context.now);
    const recent: RecentQueries = { since: (milliseconds) => (this.memory === undefined ? [] : recentIn(this.memory).since(milliseconds)) };
    this.provides = [
      provide(logged, this),
      provide(requestObserver, this.wireStep),
      ...(this.memorySettings === undefined ? [] : [provide(recentQueries, recent)]),
    ];
  }

  examine({ everywhere }: ExamineContext): void {
    const all = everywhere(logged);
    this.wireStep.tellsUnrouted = all[0] === this;
    const mine = this.memorySettings;
    if (mine === undefined) return;
    const first = all.find(({ memorySettings }) => memorySettings !== undefined)?.memorySettings ?? mine;
    if (first.events !== mine.events || first.age !== mine.age) {
      const found = `${mine.events} events for ${mine.age / 1000} s`;
      this.context.fail(
        `memory for ${found}, where another server block says ${first.events} events for ${first.age / 1000} s: there is one memory for all, expected the same`,
        'memory',
      );
    }
    const accesses = everywhere(adminUse).flatMap(({ access }) => (access === undefined ? [] : [access]));
    this.accesses = [...new Map(accesses.map((access) => [access.address, access])).values()];
    if (this.accesses.length === 0 && all[0] === this) {
      this.context.warn("nobody can look at the queries in memory, expected the plugin 'admin' in a server block");
    }
  }

  start(context: StartContext): void {
    const { server } = context;
    if (server.rehearsing) return;
    const hear = (note: Note) => this.hear(note);
    const state = context.share(eventsState, server.primary ? { told: hear } : {});
    if (server.primary) this.record(context);
    else this.batches = this.logs.map((log, index) => this.sendFrom(log, (batch) => state.tell({ log: index, ...batch })));
    context.every(pace, () => this.tick());
  }

  serving(): void {
    if (this.memorySettings !== undefined) this.memory?.resize(this.memorySettings);
  }

  stop(): void {
    for (const batch of this.batches) batch.empty();
    this.memory?.leave(this.context.metrics);
    this.memory = undefined;
    for (const log of this.logs) log.outlet = undefined;
  }

  /** In the process where events are kept. */
  private record(context: StartContext): void {
    if (this.memorySettings === undefined) return;
    const memory = Memory.of(this.context.metrics, this.memorySettings);
    this.memory = memory;
    for (const log of this.logs) log.outlet = memory;
    for (const access of this.accesses) openAdmin(context, access, { collection: queries, name: 'memory', member: memory });
  }

  private sendFrom(log: Log, tell: (note: Omit<Note, 'log'>) => boolean): Batch {
    const batch = new Batch((full) => {
      const count = [...full.starts()].length;
      // The octets are used again.
      if (!tell({ records: Uint8Array.from(full.used), count })) this.metrics.dropped({ reason: 'worker' }).add(count);
    });
    log.outlet = { area: batch, written: () => undefined, take: (area, at) => batch.take(area, at) };
    return batch;
  }

  private hear({ log, records }: Note): void {
    const outlet = this.logs[log]?.outlet;
    if (outlet === undefined) return;
    const batch = Batch.of(records);
    for (const at of batch.starts()) outlet.take(batch, at);
  }

  private tick(): void {
    this.wireStep.setClock();
    for (const batch of this.batches) batch.empty();
    this.memory?.forget(Date.now());
  }

  private recordAll(...[query, answered]: Parameters<Log['record']>): void {
    for (const log of this.logs) log.record(query, answered);
  }
}
