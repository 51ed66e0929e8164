// `querylog` in one server block, from set-up to stop: which events go where in which process.
import { type RecentQueries, recentQueries } from 'ferrydns/built-in';
import { type AdminAccess, adminUse, openAdmin } from 'ferrydns/built-in/admin';
import {
  type Capability,
  capability,
  type ExamineContext,
  type Instance,
  messageOf,
  type Provided,
  provide,
  requestObserver,
  type SetupContext,
  type StartContext,
  sharedState,
} from 'ferrydns/plugin';
import { Batch, Events, type SentEvents, type TakeEvents } from './batch.ts';
import { LineFile } from './line-file.ts';
import { asLines, type TakeLines } from './lines.ts';
import { Log, LogMetrics } from './log.ts';
import { Memory } from './memory.ts';
import type { FileSettings, LogSettings, MemorySettings } from './options.ts';
import { queries } from './pages.ts';
import { QueryLog } from './query-log.ts';
import { recentIn } from './recent.ts';

/** Events of a worker, on their way to the primary process. */
interface Note {
  /** Which directive of the block they are of. */
  readonly log: number;
  readonly events: SentEvents;
  /** Events that could not be sent since the note before. */
  readonly lost: number;
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
  /** Events of a worker that it could not tell of yet. */
  private lost = 0;
  private readonly files = new Map<string, LineFile>();

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
    for (const { settings } of this.logs)
      this.examineFile(
        settings,
        all.flatMap((each) => each.logs),
      );
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

  async start(context: StartContext): Promise<void> {
    const { server } = context;
    if (server.rehearsing) return;
    const hear = (note: Note) => this.hear(note);
    const state = context.share(eventsState, server.primary ? { told: hear } : {});
    if (server.primary) await this.record(context);
    else
      this.logs.forEach((log, index) => {
        log.batch = this.batchFor([this.sent((note) => state.tell({ log: index, ...note }))]);
      });
    context.every(pace, () => this.tick());
  }

  serving(): void {
    if (this.memorySettings !== undefined) this.memory?.resize(this.memorySettings);
    for (const { settings } of this.logs) if (settings.file !== undefined) this.rotate(settings.file);
  }

  async stop(): Promise<void> {
    this.flush();
    for (const log of this.logs) {
      if (log.batch !== undefined) this.memory?.sources.delete(log.batch);
      log.batch = undefined;
    }
    this.memory?.leave(this.context.metrics);
    this.memory = undefined;
    await Promise.all([...this.files.values()].map((file) => file.leave()));
    this.files.clear();
  }

  private examineFile({ file, lineForm }: LogSettings, all: readonly Log[]): void {
    const first = all.find(({ settings }) => settings.file?.path === file?.path)?.settings;
    if (file === undefined || first?.file === undefined) return;
    if (first.file.size === file.size && first.file.kept === file.kept && first.lineForm === lineForm) return;
    this.context.fail(
      `${file.path} has another size, number of old files or format than in the first querylog that writes to it, expected the same`,
      'file',
    );
  }

  /** In the process where events are kept. */
  private async record(context: StartContext): Promise<void> {
    if (this.memorySettings !== undefined) this.remember(context, this.memorySettings);
    for (const log of this.logs) {
      const batch = this.batchFor(await this.takersOf(log.settings));
      log.batch = batch;
      if (log.settings.memory !== undefined) this.memory?.sources.add(batch);
    }
  }

  private remember(context: StartContext, settings: MemorySettings): void {
    const memory = Memory.of(this.context.metrics, settings);
    this.memory = memory;
    for (const access of this.accesses) openAdmin(context, access, { collection: queries, name: 'memory', member: memory });
  }

  private async takersOf({ memory, file, stdout, lineForm }: LogSettings): Promise<TakeEvents[]> {
    const remembered = memory === undefined ? undefined : this.memory;
    const lineTakers: TakeLines[] = [];
    if (file !== undefined) {
      const opened = await this.open(file);
      lineTakers.push((text, lines) => opened.add(text, lines));
    }
    if (stdout) lineTakers.push((text) => text.trimEnd().split('\n').forEach(this.context.logLine));
    return [
      ...(remembered === undefined ? [] : [(events: Events) => remembered.take(events)]),
      ...(lineTakers.length === 0 ? [] : [asLines(lineForm, lineTakers)]),
    ];
  }

  private async open({ path }: FileSettings): Promise<LineFile> {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    const dropped = this.metrics.dropped({ reason: 'file' });
    const { metrics, log } = this.context;
    try {
      const file = await LineFile.use(path, { metrics, log, lost: (lines) => dropped.add(lines) });
      this.files.set(path, file);
      return file;
    } catch (error) {
      return this.context.fail(`${messageOf(error)}, expected a file that can be written to`, 'file');
    }
  }

  private rotate({ path, size, kept }: FileSettings): void {
    const file = this.files.get(path);
    if (file !== undefined) file.rotation = { size, kept };
  }

  private batchFor(takers: readonly TakeEvents[]): Batch {
    return new Batch(takers, () => this.wireStep.now());
  }

  private sent(tell: (note: Omit<Note, 'log'>) => boolean): TakeEvents {
    return (events) => {
      if (tell({ events: events.toSend(), lost: this.lost })) this.lost = 0;
      else this.lose([...events.starts()].length);
    };
  }

  private lose(count: number): void {
    this.lost += count;
    this.metrics.dropped({ reason: 'worker' }).add(count);
  }

  private hear({ log, events, lost }: Note): void {
    if (this.memory !== undefined) this.memory.dropped += lost;
    this.logs[log]?.batch?.handOver(Events.from(events));
  }

  private tick(): void {
    this.flush();
    this.wireStep.setClock();
    this.memory?.forget(Date.now());
    for (const file of this.files.values()) file.retry();
  }

  private flush(): void {
    for (const { batch } of this.logs) batch?.empty();
  }

  private recordAll(...[query, answered]: Parameters<Log['record']>): void {
    for (const log of this.logs) log.record(query, answered);
  }
}
