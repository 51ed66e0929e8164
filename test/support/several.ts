// A server of several processes with a plan, each of which can be stopped and killed, and clients that know which of them answers.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Phase, phases } from '../../src/migration/agreement.ts';
import { parseAsk, readMessage, writeMessage } from './message.ts';
import type { Status } from './migration.ts';
import { soon } from './soon.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

/** Answers TXT with the process that answers. */
const who = `import { definePlugin, Reply, record } from 'ferrydns/plugin';
export default definePlugin({
  name: 'who', summary: 'tells who answers', config: {}, order: { before: 'whoami' },
  setup: () => ({
    handle: (query) => Reply.answer([record({ name: query.name, type: 'TXT', ttl: 0, data: [String(process.pid)] })]),
  }),
});`;

/** The program as a process of its own, which has `sockets` workers. */
export class Several implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-several-'));
  port = 0;
  private process: ChildProcess | undefined;
  private ended: Promise<unknown> = Promise.resolve();
  private admin = '';
  private output = '';
  private readonly clients: Client[] = [];

  private constructor() {
    writeFileSync(join(this.folder, 'who.ts'), who);
  }

  /** `plan` is the text of a plan file for a plan that is called "plan". */
  static async start(plan: string, sockets = 2): Promise<Several> {
    const server = new Several();
    server.write(plan, sockets);
    await server.run();
    return server;
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** Everything that was printed so far. */
  get printed(): string {
    return this.output;
  }

  write(plan: string, sockets = 2): void {
    writeFileSync(join(this.folder, 'plan.yaml'), `plan: plan\n${plan}`.replaceAll('{{DIR}}', this.folder));
    const corefile = `{\nplugin who ./who.ts\n}\n.:0 {\nbind 127.0.0.1\nmultisocket ${sockets}\nprometheus 127.0.0.1:0\nmigrate plan.yaml {\nadmin 127.0.0.1:0\n}\nwho\n}\n`;
    writeFileSync(join(this.folder, 'Corefile'), corefile);
  }

  /** Loads what was written since. */
  async reload(): Promise<void> {
    this.output = '';
    process.kill(this.pid, 'SIGHUP');
    await expect.poll(() => this.output).toMatch(/Reloading complete|reload failed/);
    expect(this.output).not.toContain('reload failed');
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
    this.process?.kill('SIGCONT');
    this.process?.kill('SIGKILL');
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get url(): string {
    return `http://${this.admin}/migrations/plan`;
  }

  private async run(): Promise<void> {
    const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ferrydns-crash-compiled') };
    const child = spawn(process.execPath, [main, '-conf', 'Corefile'], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'], env });
    this.process = child;
    this.ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (this.output += String(chunk)));
    const up = /listening on 127\.0\.0\.1:(\d+)/;
    const told = /plans are told at (\S+)/;
    await expect.poll(() => up.test(this.output) && told.test(this.output)).toBe(true);
    this.port = Number(up.exec(this.output)?.[1]);
    this.admin = told.exec(this.output)?.[1] ?? '';
  }
}

/** An answer for a moved name: no address stands for SERVFAIL. */
export interface Seen {
  readonly client: string;
  readonly sent: number;
  readonly received: number;
  readonly addresses: readonly string[];
  readonly ttl: number;
}

/** One socket: the system leads it to one of the processes, as long as these stay the same. */
export class Client {
  readonly address: string;
  readonly seen: Seen[] = [];
  private readonly socket: Socket;
  private readonly sent = new Map<number, number>();
  private readonly arrived = new Map<number, () => void>();
  private lastText = '';
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
    for (let attempt = 0; attempt < 10; attempt++) {
      this.lastText = '';
      await this.ask('who.test TXT', 1000);
      if (this.lastText !== '') return Number(this.lastText);
    }
    throw new Error('no process answers');
  }

  /** Sends a query and waits so long for its answer; one that comes later is seen all the same. */
  async ask(text: string, patience: number): Promise<void> {
    const id = ++this.id & 0xffff;
    this.sent.set(id, Date.now());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.arrived.set(id, resolve);
    const timer = setTimeout(resolve, patience);
    this.socket.send(writeMessage({ ...parseAsk(text).parts, id }));
    await promise;
    clearTimeout(timer);
    this.arrived.delete(id);
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

  private receive(bytes: Buffer): void {
    const { id, answer } = readMessage(bytes);
    const sent = this.sent.get(id);
    if (sent === undefined) return;
    this.sent.delete(id);
    const [first] = answer;
    if (first?.type === 'TXT') this.lastText = first.data.replaceAll('"', '');
    else this.seen.push({ client: this.address, sent, received: Date.now(), addresses: answer.map(({ data }) => data), ttl: first?.ttl ?? 0 });
    this.arrived.get(id)?.();
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
