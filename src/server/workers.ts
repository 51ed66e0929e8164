// The worker processes of a server: each has sockets of its own at the same addresses, and a chain of its own. Here they are started, told and watched.
import { messageOf } from '../config/error.ts';
import type { Logger } from '../log/logger.ts';
import { type Collected, countsOf, type MetricsRegistry } from '../metrics/registry.ts';
import { openListener } from '../transport/listener.ts';
import type { Front } from './front.ts';
import type { Generation } from './generation.ts';
import type { Given } from './link.ts';
import type { ListenerPlan } from './listener-plan.ts';
import type { Outbox } from './outbox.ts';
import type { MainCalls, Order, Readiness, Settings, Sockets, WorkerCalls } from './protocol.ts';
import { WorkerProcess } from './worker-process.ts';

/** What workers need of the server that has them. */
export interface WorkersContext {
  readonly settings: Settings;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Sockets of the main process itself, which answer until the workers do. */
  readonly shared: Sockets;
  /** What workers may ask. */
  readonly calls: (outbox: Outbox) => MainCalls;
  /** Runs between loads. */
  inTurn(run: () => Promise<void>): Promise<void>;
}

/**
 * Milliseconds that a worker gets for each thing it is asked: plugins may load and look up much when they start, queries in hand take their time. One that
 * stops limits itself to a few seconds, of which a busy machine makes more; to end it before is to lose what it has in hand.
 */
const patience = { prepare: 60_000, commit: 10_000, retire: 8000, stop: 20_000, question: 2000 };
/** Milliseconds until a worker that died young is replaced: doubled from death to death, until one has grown old. */
const delays = { first: 100, longest: 10_000, old: 5000 };

export class Workers implements Front {
  private readonly context: WorkersContext;
  private readonly restarts;
  /** By number. One that has died leaves a gap until it is replaced. */
  private readonly workers = new Map<number, WorkerProcess>();
  /** Those that were started for a configuration which is not in use yet. */
  private readonly fresh = new Set<number>();
  private current: Generation | undefined;
  /** The ports and sockets of the listeners that are open, and of those that will be when what is prepared is in use. */
  private ports: ReadonlyMap<string, number>;
  private open: Sockets;
  private next: { readonly ports: ReadonlyMap<string, number>; readonly open: Sockets } | undefined;
  private ending = false;
  /** What workers that have ended had counted. */
  private past: Collected = [];
  private delay = delays.first;

  constructor(context: WorkersContext) {
    this.context = context;
    this.open = context.shared;
    this.ports = new Map([...context.shared].map(([name, sockets]) => [name, sockets[0]?.port ?? 0]));
    this.restarts = context.metrics.counter('ferrydns_worker_restarts_total', 'Worker processes that died and were replaced.');
    context.metrics.gauge('ferrydns_workers', 'Worker processes that answer queries.', () => this.count);
  }

  get count(): number {
    return this.workers.size;
  }

  /** Whether they answer queries, or did before they died. */
  get inUse(): boolean {
    return this.current !== undefined;
  }

  sockets(): Sockets {
    return this.next?.open ?? this.open;
  }

  async prepare(next: Generation): Promise<void> {
    const ports = await this.choosePorts(next.listeners);
    for (let number = 0; number < workersFor(next); number++) {
      if (this.workers.has(number)) continue;
      this.fresh.add(number);
      this.startOne(number);
    }
    const [open = []] = await allOf(this.staying(next), (worker, number) => {
      return worker.ask('prepare', this.order(next, number, ports), patience.prepare);
    });
    this.next = { ports, open: new Map([...this.open, ...open]) };
  }

  async catchUp(next: Generation): Promise<void> {
    await allOf(this.staying(next), (worker) => worker.caughtUp(patience.prepare));
  }

  async abandon(): Promise<void> {
    this.next = undefined;
    const fresh = [...this.fresh];
    await Promise.all(fresh.map((number) => this.stopOne(number)));
    this.fresh.clear();
    await this.all((worker) => worker.ask('abandon', undefined, patience.retire));
  }

  async commit(next: Generation): Promise<void> {
    const { ports = this.ports, open = this.open } = this.next ?? {};
    const committed = this.staying(next).map(async ([, worker]) => {
      try {
        return await worker.ask('commit', undefined, patience.commit);
      } catch (error) {
        // One that cannot go along must not answer by the old configuration; its replacement starts with the new one.
        this.context.log.error(`multisocket: ${messageOf(error)}`);
        worker.kill();
        return undefined;
      }
    });
    const sockets = await Promise.all(committed);
    this.open = sockets.find((each) => each !== undefined) ?? open;
    this.ports = ports;
    this.next = undefined;
    this.fresh.clear();
    this.current = next;
  }

  end(): void {
    this.ending = true;
  }

  shut(): void {}

  async retire(): Promise<void> {
    const staying = new Set(this.ending || this.current === undefined ? [] : this.staying(this.current).map(([number]) => number));
    const leaving = [...this.workers.keys()].filter((number) => !staying.has(number));
    await Promise.all([
      ...leaving.map((number) => this.stopOne(number)),
      ...[...staying].map((number) =>
        this.workers
          .get(number)
          ?.ask('retire', undefined, patience.retire)
          .catch(() => undefined),
      ),
    ]);
  }

  tell<K extends keyof WorkerCalls>(name: K, value: Given<WorkerCalls, K>): void {
    for (const worker of this.workers.values()) worker.tell(name, value);
  }

  /** What the workers have counted, those that have ended included. */
  async collect(): Promise<Collected[]> {
    const collected = await Promise.all([...this.workers.values()].map((worker) => worker.collect(patience.question)));
    return [...collected, this.past];
  }

  /** What `own`, the instances of this process, say, unless their counterpart in a worker says that something is missing. */
  async readiness(own: Readiness): Promise<Readiness> {
    const answers = await this.all((worker) => worker.ask('readiness', undefined, patience.question));
    const missing = own.map(({ name, ready }, place) => {
      const unready = answers.find((answer) => answer !== undefined && answer[place] !== undefined && answer[place].ready !== true);
      return { name, ready: ready === true ? (unready?.[place]?.ready ?? true) : ready };
    });
    const silent = answers.filter((answer) => answer === undefined).length;
    if (silent === 0 && answers.length > 0) return missing;
    return [...missing, { name: 'multisocket', ready: answers.length === 0 ? 'no worker runs' : `${silent} workers do not answer` }];
  }

  /** The workers that a configuration needs. */
  private staying(generation: Generation): [number, WorkerProcess][] {
    return [...this.workers].filter(([number]) => number < workersFor(generation)).sort(([a], [b]) => a - b);
  }

  /** Asks all; undefined for those that fail. */
  private all<T>(ask: (worker: WorkerProcess) => Promise<T>): Promise<(T | undefined)[]> {
    return Promise.all([...this.workers.values()].map((worker) => ask(worker).catch(() => undefined)));
  }

  private order(generation: Generation, number: number, ports: ReadonlyMap<string, number>): Order {
    const { serial, configuration } = generation;
    const here = generation.listeners.filter(({ sockets }) => number < sockets);
    const openings = here.map(({ name, port }) => [name, { port: ports.get(name) ?? port, reusePort: true, late: this.ports.has(name) }] as const);
    return { settings: this.context.settings, serial, configuration, openings: new Map(openings) };
  }

  /** Sockets that share a port would hide that another program has it, so a new one is first asked for alone. Also where the system chooses it. */
  private async choosePorts(plans: readonly ListenerPlan[]): Promise<Map<string, number>> {
    const ports = new Map<string, number>();
    for (const plan of plans) {
      ports.set(plan.name, this.ports.get(plan.name) ?? (await portForAll(plan, this.context.log)));
    }
    return ports;
  }

  private startOne(number: number): void {
    const worker = new WorkerProcess(this.context.calls, this.context.log);
    this.workers.set(number, worker);
    void worker.ended.then((reason) => this.ended(number, worker, reason));
  }

  private async stopOne(number: number): Promise<void> {
    const worker = this.workers.get(number);
    this.workers.delete(number);
    if (worker === undefined) return;
    await worker.stop({ alone: !this.ending }, patience.stop);
    this.past = await countsOf([this.past, worker.counted]);
  }

  private async ended(number: number, worker: WorkerProcess, reason: string): Promise<void> {
    if (this.workers.get(number) !== worker) return;
    this.workers.delete(number);
    const { counted, pid, startedAt } = worker;
    const isFresh = this.fresh.has(number);
    this.past = await countsOf([this.past, counted]);
    if (isFresh || this.ending) return;
    this.context.log.error(`multisocket: worker ${pid} ended with ${reason}, starting another one`);
    this.restarts.add();
    this.delay = performance.now() - startedAt > delays.old ? delays.first : Math.min(this.delay * 2, delays.longest);
    this.replaceLater(number);
  }

  private replaceLater(number: number): void {
    const replace = () => this.context.inTurn(() => this.replace(number));
    setTimeout(() => void replace(), this.delay).unref();
  }

  private async replace(number: number): Promise<void> {
    const { current, ending, workers } = this;
    if (current === undefined || ending || workers.has(number) || number >= workersFor(current)) return;
    this.startOne(number);
    const worker = workers.get(number);
    try {
      await worker?.ask('prepare', this.order(current, number, this.ports), patience.prepare);
      await worker?.caughtUp(patience.prepare);
      await worker?.ask('commit', undefined, patience.commit);
    } catch (error) {
      this.context.log.error(`multisocket: ${messageOf(error)}`);
      worker?.kill();
    }
  }
}

function workersFor({ listeners }: Generation): number {
  return Math.max(1, ...listeners.map(({ sockets }) => sockets));
}

/** Waits for all; rejects with the first failure when none is on its way any more. */
async function allOf<T>(workers: readonly [number, WorkerProcess][], ask: (worker: WorkerProcess, number: number) => Promise<T>): Promise<T[]> {
  const outcomes = await Promise.allSettled(workers.map(([number, worker]) => ask(worker, number)));
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** A port that nobody else has, for the sockets of all workers; rejects with an Error that names it. */
async function portForAll({ transport, address, port, settings }: ListenerPlan, log: Logger): Promise<number> {
  const answerer = { answer: () => 0 };
  const sockets = await openListener({ transport, address, port, answerer, log, settings: () => settings });
  await Promise.all(sockets.map((socket) => socket.close()));
  return sockets[0]?.port ?? port;
}
