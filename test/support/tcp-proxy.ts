// A way to a TCP service that the test cuts and heals.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** `refused`: connections are reset. `silent`: they are there and nothing passes; what was on its way arrives late, after healing. */
export type Cut = 'refused' | 'silent';

export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  private readonly server: Server;
  private readonly target: number;
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private state: Cut | 'whole' = 'whole';

  private constructor(server: Server, target: number) {
    this.server = server;
    this.target = target;
    const bound = server.address();
    this.port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    server.on('connection', (socket) => this.accept(socket));
  }

  /** A way to this port of 127.0.0.1. */
  static async open(target: number): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  cut(how: Cut): void {
    this.state = how;
    for (const pair of this.pairs) this.apply(pair);
  }

  heal(): void {
    this.state = 'whole';
    for (const pair of this.pairs) this.apply(pair);
  }

  /** Nothing passes any more on the connections that there are, and they stay open; those that come are whole. */
  freeze(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut('refused');
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    const pair = [near, far] as const;
    this.pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on('data', (chunk: Buffer) => to.write(chunk));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        if (from.destroyed && to.destroyed) this.pairs.delete(pair);
      });
    }
    this.apply(pair);
  }

  private apply(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) {
      if (this.state === 'refused') socket.destroyed || socket.resetAndDestroy();
      else if (this.state === 'silent') socket.pause();
      else socket.resume();
    }
  }
}
