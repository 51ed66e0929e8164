// A server of several processes with a plan, each of which can be stopped and killed, and clients that know which of them answers.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Phase, phases } from '../../src/migration/agreement.ts';
import { parseAsk, readMessage, writeMessage } from './message.ts';
import type { Status } from './migration.ts';
import { type Program, startProgram, who } from './program.ts';
import { soon } from './soon.ts';

/** The program as a process of its own, which has `sockets` workers. */
export class Several implements AsyncDisposable {
  readonly port: number;
  private readonly program: Program;
  private readonly admin: string;
  private readonly clients: Client[] = [];

  private constructor(program: Program, { port, admin }: { readonly port: number; readonly admin: string }) {
    this.program = program;
    this.port = port;
    this.admin = admin;
  }

  /** `plan` is the text of a plan file for a plan that is called "plan". */
  static async start(plan: string, sockets = 2): Promise<Several> {
    const program = await startProgram({ files: { 'who.ts': who, ...filesOf(plan, sockets) } });
    const up = /listening on 127\.0\.0\.1:(\d+)/;
    const told = /plans are told at (\S+)/;
    await expect.poll(() => up.test(program.output.out) && told.test(program.output.out)).toBe(true);
    return new Several(program, { port: Number(up.exec(program.output.out)?.[1]), admin: told.exec(program.output.out)?.[1] ?? '' });
  }

  get pid(): number {
    return this.program.pid;
  }

  get folder(): string {
    return this.program.folder;
  }

  /** Everything that was printed since the last reload. */
  get printed(): string {
    return this.program.output.out;
  }

  write(plan: string, sockets = 2): void {
    for (const [name, text] of Object.entries(filesOf(plan, sockets))) this.program.write(name, text);
  }

  /** Loads what was written since. */
  async reload(): Promise<void> {
    this.program.output.out = '';
    process.kill(this.pid, 'SIGHUP');
    await expect.poll(() => this.printed).toMatch(/Reloading complete|reload failed/);
    expect(this.printed).not.toContain('reload failed');
  }

  async status(): Promise<Status> {
    return (await (await fetch(this.url)).json()) as Status;
  }

  /** Asks for a change; resolves to undefined when it is done, to the reason when it is refused. */
  async order(verb: string, epoch = 1): Promise<string | undefined> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ epoch }) };
    const { ok, reason } = (await (await fetch(`${this.url}/${verb}`, init)).json()) as { readonly ok: boolean; readonly reason: string };
    return ok ? undefined : reason;
  }

  /** Resolves when the plan is in this phase; `forth` is ordered again and again until it is. */
  async reach(phase: Phase, forth?: 'advance'): Promise<Status> {
    for (const deadline = Date.now() + soon.timeout; ; await delay(20)) {
      const status = await this.status();
      // A phase may be over before it is looked at.
      if (phases.indexOf(status.phase as Phase) >= phases.indexOf(phase)) return status;
      if (forth !== undefined) await this.order(forth);
      expect(Date.now(), `${status.phase}, expected ${phase}: ${status.wait?.why}`).toBeLessThan(deadline);
    }
  }

  /** So many clients for each of the processes that answer, each with an address of its own. */
  async clientsOf(count: number, sockets = 2): Promise<Map<number, Client[]>> {
    const byPid = new Map<number, Client[]>();
    const deadline = Date.now() + soon.timeout;
    for (let made = 0; byPid.size < sockets || [...byPid.values()].some((each) => each.length < count); made++) {
      expect(Date.now(), `${byPid.size} processes answer`).toBeLessThan(deadline);
      const client = await Client.open(this.port, `127.0.1.${1 + (made % 250)}`);
      const pid = await client.server();
      const known = byPid.get(pid) ?? [];
      byPid.set(pid, known);
      if (known.length < count) known.push(client);
      else client.close();
    }
    this.clients.push(...[...byPid.values()].flat());
    return byPid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.clients) client.close();
    await this.program[Symbol.asyncDispose]();
  }

  private get url(): string {
    return `http://${this.admin}/migrations/plan`;
  }
}

function filesOf(plan: string, sockets: number): Record<string, string> {
  const block = `bind 127.0.0.1\nmultisocket ${sockets}\nprometheus 127.0.0.1:0\nmigrate plan.yaml {\nadmin 127.0.0.1:0\n}\nwho several`;
  return { 'plan.yaml': `plan: plan\n${plan}`, Corefile: `{\nplugin who ./who.ts\n}\n.:0 {\n${block}\n}\n` };
}

/** An answer for a moved name: no address stands for SERVFAIL. */
export interface Seen {
  readonly client: string;
  readonly sent: number;
  readonly received: number;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** An answer for a moved name, or the process that answers. */
type Found = Seen | number;

/** One socket: the system leads it to one of the processes, as long as these stay the same. */
export class Client {
  readonly address: string;
  readonly seen: Seen[] = [];
  private readonly socket: Socket;
  private readonly sent = new Map<number, number>();
  private readonly arrived = new Map<number, (found: Found) => void>();
  private id = 0;
  private running: Promise<void> | undefined;
  private stopped = false;

  private constructor(socket: Socket, address: string) {
    this.socket = socket;
    this.address = address;
    socket.on('message', (bytes) => this.receive(bytes));
    socket.on('error', () => {});
  }

  static async open(port: number, address: string): Promise<Client> {
    const socket = createSocket('udp4');
    socket.bind(0, address);
    await once(socket, 'listening');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket, address);
  }

  /** The process that answers this client. */
  async server(): Promise<number> {
    for (const deadline = Date.now() + soon.timeout; Date.now() < deadline; ) {
      const found = await this.find('who.test TXT', 2000);
      if (typeof found === 'number') return found;
    }
    throw new Error('no process answers');
  }

  /** Sends a query and waits so long for its answer; one that comes later is seen all the same. */
  async ask(text: string, patience: number): Promise<Seen | undefined> {
    const found = await this.find(text, patience);
    return typeof found === 'object' ? found : undefined;
  }

  /** Asks for these names in turn, without a pause longer than this, until it is told to rest. */
  load(names: readonly string[], pause = 10): void {
    this.stopped = false;
    this.running = (async () => {
      for (let i = 0; !this.stopped; i++) {
        await this.ask(`${names[i % names.length]} A`, 300);
        await delay(pause);
      }
    })();
  }

  async rest(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  close(): void {
    this.stopped = true;
    this.socket.close();
  }

  private async find(text: string, patience: number): Promise<Found | undefined> {
    const id = ++this.id & 0xffff;
    this.sent.set(id, Date.now());
    const { promise, resolve } = Promise.withResolvers<Found | undefined>();
    this.arrived.set(id, resolve);
    const timer = setTimeout(() => resolve(undefined), patience);
    this.socket.send(writeMessage({ ...parseAsk(text).parts, id }));
    const found = await promise;
    clearTimeout(timer);
    this.arrived.delete(id);
    return found;
  }

  private receive(bytes: Buffer): void {
    const { id, answer } = readMessage(bytes);
    const sent = this.sent.get(id);
    if (sent === undefined) return;
    this.sent.delete(id);
    const [first] = answer;
    if (first?.type === 'TXT') {
      this.arrived.get(id)?.(Number(/"(\d+)"/.exec(first.data)?.[1]));
      return;
    }
    const seen = { client: this.address, sent, received: Date.now(), addresses: answer.map(({ data }) => data), ttl: first?.ttl ?? 0 };
    this.seen.push(seen);
    this.arrived.get(id)?.(seen);
  }
}

export const isA = ({ addresses }: Seen): boolean => addresses.some((each) => each.startsWith('192.0.2.'));
export const isB = ({ addresses }: Seen): boolean => addresses.some((each) => each.startsWith('198.51.100.'));

/** P1 and P2, over all clients: nobody who asks after B was seen is led to A, and no answer with A lives when A may be switched off. */
export function judge(
  seen: readonly Seen[],
  { horizon, caches, exclusive }: { readonly horizon: string | null; readonly caches: number; readonly exclusive: boolean },
): void {
  const withA = seen.filter(isA);
  const firstB = Math.min(...seen.filter(isB).map(({ received }) => received));
  expect(withA.length).toBeGreaterThan(0);
  expect(firstB).toBeLessThan(Number.POSITIVE_INFINITY);
  if (exclusive) expect(withA.filter(({ sent }) => sent > firstB)).toEqual([]);
  const switchedOff = Date.parse(horizon ?? '');
  expect(withA.filter(({ sent, ttl }) => sent + ttl * 1000 + caches > switchedOff)).toEqual([]);
}
