// A port for what must be told where to listen, and cannot be asked where it does.
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free for TCP a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
