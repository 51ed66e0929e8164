// The few words that the databases of this example understand: one line there, one line back.
import { connect } from 'node:net';

export interface Words {
  readonly address: string;
  readonly port: number;
  /** `use WHO`, `shut` or `report`. */
  readonly line: string;
  /** Milliseconds until silence is an error; 2000 unless given. */
  readonly timeout?: number;
}

/** Says one line to a database and resolves to its answer. Rejects when nobody is there, or silent. */
export async function talk({ address, port, line, timeout = 2000 }: Words): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, address, () => socket.write(`${line}\n`));
  const timer = setTimeout(() => reject(new Error(`${address}:${port} is silent for ${timeout} ms`)), timeout);
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on('end', () => resolve(heard.trimEnd()));
  socket.on('error', reject);
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
