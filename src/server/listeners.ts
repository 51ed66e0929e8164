// The listeners of this process: opened when a configuration needs them, handed on from one configuration to the next, closed when none does.
import type { Logger } from '../log/logger.ts';
import type { Listening } from '../transport/answerer.ts';
import { openListener } from '../transport/listener.ts';
import type { StreamSettings } from '../transport/stream-settings.ts';
import type { Front, SocketInfo } from './front.ts';
import type { Generation } from './generation.ts';
import type { ListenerPlan } from './listener-plan.ts';
import { Responder } from './responder.ts';

/** How one listener is to be opened in this process. */
export interface Opening {
  readonly port: number;
  /** Whether other processes have sockets of the same address and port. */
  readonly reusePort: boolean;
  /** Whether others serve there already: then it is opened when it can answer, and not before. */
  readonly late: boolean;
}

export interface ListenersContext {
  readonly now: () => number;
  readonly log: Logger;
  /** Counts the responses of an HTTPS listener by their status. */
  readonly responses: (server: string) => (status: number) => void;
  /** How a listener is opened here; undefined for one that this process has no part in. */
  readonly opening: (plan: ListenerPlan) => Opening | undefined;
}

interface OpenListener {
  readonly responder: Responder;
  readonly sockets: readonly Listening[];
  settings: StreamSettings;
}

export class Listeners implements Front {
  private readonly context: ListenersContext;
  private readonly listeners = new Map<string, OpenListener>();
  /** What was opened for a configuration that is not in use yet. */
  private opened: string[] = [];
  private unused: string[] = [];

  constructor(context: ListenersContext) {
    this.context = context;
  }

  async prepare(next: Generation): Promise<void> {
    this.opened = [];
    for (const plan of next.listeners) {
      if (this.context.opening(plan)?.late === false) await this.open(plan);
    }
  }

  async catchUp(): Promise<void> {}

  async abandon(): Promise<void> {
    await this.close(this.opened.splice(0));
  }

  async commit(next: Generation): Promise<void> {
    const here = next.listeners.filter((plan) => this.context.opening(plan) !== undefined);
    this.unused = [...this.listeners.keys()].filter((name) => !here.some((plan) => plan.name === name));
    for (const plan of here) this.use(plan);
    for (const plan of here) {
      await this.open(plan);
      this.use(plan);
    }
    this.opened = [];
  }

  shut(names: readonly string[] = this.unused): void {
    for (const name of names) {
      const listener = this.listeners.get(name);
      if (listener !== undefined) listener.responder.open = false;
    }
  }

  retire(): Promise<void> {
    return this.close(this.unused.splice(0));
  }

  /** Lets other processes open sockets of the same addresses and ports while these are open. Throws an Error where that cannot be had. */
  share(): void {
    for (const { share, address, port } of this.listening()) {
      if (share === undefined)
        throw new Error(`multisocket: the open socket ${address}:${port} cannot be shared here, which a restart does not need`);
      share();
    }
  }

  end(next?: Generation): void {
    for (const plan of next?.listeners ?? []) this.use(plan);
    this.unused = [...this.listeners.keys()];
  }

  sockets(): ReadonlyMap<string, readonly SocketInfo[]> {
    return new Map([...this.listeners].map(([name, { sockets }]) => [name, sockets]));
  }

  /** The sockets with what they have counted. */
  listening(): Listening[] {
    return [...this.listeners.values()].flatMap(({ sockets }) => sockets);
  }

  private async open(plan: ListenerPlan): Promise<void> {
    const opening = this.context.opening(plan);
    if (opening === undefined || this.listeners.has(plan.name)) return;
    const { log, now } = this.context;
    const responder = new Responder(plan.answering, { now, log });
    responder.open = opening.late;
    const open = { responder, settings: plan.settings };
    const { transport, address } = plan;
    const { port, reusePort } = opening;
    const responded = transport === 'https' ? this.context.responses(plan.name) : undefined;
    const sockets = await openListener({ transport, address, port, reusePort, answerer: responder, log, settings: () => open.settings, responded });
    this.listeners.set(plan.name, Object.assign(open, { sockets }));
    this.opened.push(plan.name);
  }

  private use(plan: ListenerPlan): void {
    const listener = this.listeners.get(plan.name);
    if (listener === undefined) return;
    listener.responder.answering = plan.answering;
    listener.responder.open = true;
    listener.settings = plan.settings;
  }

  private async close(names: readonly string[]): Promise<void> {
    const closing = names.flatMap((name) => this.listeners.get(name)?.sockets ?? []);
    for (const name of names) this.listeners.delete(name);
    await Promise.all(closing.map((socket) => socket.close()));
  }
}
