// Services for tests that check whether a service is well: each on 127.0.0.1 or another loopback address, with an end that the test can bring about.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

/** A service that the test stops, and starts again at the same place. */
export interface Service extends AsyncDisposable {
  readonly port: number;
  /** Connections and requests so far. */
  readonly visits: number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Takes connections; `said`, when it returns something, is sent and the connection ended. */
export async function tcpService(options: { address?: string; port?: number; said?: () => string } = {}): Promise<Service> {
  return service(options, (visit) =>
    createServer((socket) => {
      visit();
      socket.on('error', () => undefined);
      socket.resume();
      if (options.said !== undefined) socket.end(options.said());
    }),
  );
}

/** Replies to every request with the status that `status` returns. */
export async function httpService(options: {
  address?: string;
  port?: number;
  status: (request: { url: string; host: string }) => number;
}): Promise<Service> {
  return service(options, (visit) =>
    createHttpServer((request, response) => {
      visit();
      response.writeHead(options.status({ url: request.url ?? '', host: request.headers.host ?? '' })).end();
    }),
  );
}

async function service(
  { address = '127.0.0.1', port = 0 }: { address?: string; port?: number },
  make: (visit: () => void) => Server,
): Promise<Service> {
  let visits = 0;
  let server: Server | undefined;
  let place = port;
  const start = async () => {
    const fresh = make(() => visits++);
    fresh.listen(place, address);
    await once(fresh, 'listening');
    const bound = fresh.address();
    place = typeof bound === 'object' && bound !== null ? bound.port : 0;
    server = fresh;
  };
  const stop = async () => {
    const running = server;
    server = undefined;
    if (running === undefined) return;
    const closed = once(running, 'close');
    running.close();
    await closed;
  };
  await start();
  return {
    get port() {
      return place;
    },
    get visits() {
      return visits;
    },
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
