// Clients that ask several servers for moved names without pause, and the judgement on what they were led to.
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { queryMessage, readMessage, recordText } from './message.ts';
import type { ServerProcess } from './server-process.ts';

/** An answer with an address. Times are milliseconds of the wall clock. */
export interface Seen {
  readonly server: number;
  readonly sent: number;
  readonly received: number;
  /** It left the server at this time or later, up to `received`. */
  readonly left: number;
  readonly side: 'A' | 'B' | 'mixed';
  /** Seconds. */
  readonly ttl: number;
}

/** Milliseconds between two queries to one server, while it answers and while it does not. */
const paces = { quick: 15, slow: 100 };
/** Milliseconds between two notes of when this process last looked whether something has arrived. */
const looking = 5;

/** Addresses of A begin with 192.0.2, those of B with 198.51.100. */
export class Clients {
  readonly seen: Seen[] = [];
  private readonly names: readonly string[];
  private readonly running: readonly Promise<void>[];
  private stopped = false;
  /** Two turns of the event loop: what is read now had not arrived when the former ended, for then it would have been read. */
  private turns = { former: 0, latter: 0 };
  private readonly turning = setInterval(() => (this.turns = { former: this.turns.latter, latter: Date.now() }), looking);

  constructor(servers: readonly ServerProcess[], names: readonly string[]) {
    this.names = names;
    this.running = servers.map((server, i) => this.follow(server, i));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.running);
    clearInterval(this.turning);
  }

  /** Asks one server over all its lives. */
  private async follow(server: ServerProcess, index: number): Promise<void> {
    while (!this.stopped) {
      const { port } = server;
      if (port === 0) await delay(paces.quick);
      else await this.live(server, { index, port });
    }
  }

  /** Asks until the server is another one; answers that come late count as those that come at once. */
  private async live(server: ServerProcess, { index, port }: { readonly index: number; readonly port: number }): Promise<void> {
    // One that is not connected hears nothing of a server that has gone.
    const socket = createSocket('udp4');
    const sent = new Map<number, number>();
    let wake = () => {};
    socket.on('message', (bytes) => {
      this.read(bytes, { sent, index });
      wake();
    });
    for (let id = 1; !this.stopped && server.port === port; id = (id + 1) & 0xffff) {
      const message = queryMessage(`${this.names[id % this.names.length]} A`);
      message.writeUInt16BE(id, 0);
      sent.set(id, Date.now());
      socket.send(message, port, '127.0.0.1');
      await Promise.race([delay(paces.slow), new Promise<void>((resolve) => (wake = resolve))]);
      await delay(paces.quick);
    }
    socket.close();
  }

  private read(bytes: Buffer, { sent, index }: { readonly sent: Map<number, number>; readonly index: number }): void {
    const id = bytes.readUInt16BE(0);
    const began = sent.get(id);
    sent.delete(id);
    const { answer } = readMessage(bytes);
    if (began === undefined || answer.length === 0) return;
    const texts = answer.map(recordText);
    const led = new Set(texts.map((text) => (text.includes(' 192.0.2.') ? 'A' : 'B')));
    const side = led.size > 1 ? 'mixed' : led.has('A') ? 'A' : 'B';
    const left = Math.max(began, this.turns.former);
    this.seen.push({ server: index, sent: began, received: Date.now(), left, side, ttl: Number(texts[0]?.split(' ')[1]) });
  }
}

/** What the clients of an exclusive move saw, beside when its fence ran first and when A may be switched off. */
export function judge(seen: readonly Seen[], { fenced, switchedOff }: { readonly fenced: number; readonly switchedOff: number }): void {
  expect(seen.filter(({ side }) => side === 'mixed')).toEqual([]);
  const withA = seen.filter(({ side }) => side === 'A');
  const withB = seen.filter(({ side }) => side === 'B');
  const firstB = Math.min(...withB.map(({ received }) => received));
  expect(withB.filter(({ received }) => received < fenced)).toEqual([]);
  // P1, over all servers and both names.
  expect(withA.filter(({ sent }) => sent > firstB)).toEqual([]);
  expect(withA.filter(({ sent }) => sent > fenced)).toEqual([]);
  // P2.
  expect(withA.filter(({ left, ttl }) => left + ttl * 1000 > switchedOff)).toEqual([]);
}
