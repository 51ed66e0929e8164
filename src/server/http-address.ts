// Where HTTP is listened for: a TCP address, or a socket file that its owner alone may connect to.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { listenAdvice } from '../transport/listen-advice.ts';

const unixPrefix = 'unix:';

/** Octets that the path of a socket may have on Linux, its end included. */
const longestPath = 107;

/** The path of a socket file, or undefined when the address is one of TCP. */
export function socketPath(address: string): string | undefined {
  return address.startsWith(unixPrefix) ? address.slice(unixPrefix.length) : undefined;
}

/** Listens. Rejects with an Error that names the address. The socket file of a server that is gone is replaced. */
export async function listen(server: Server, address: string): Promise<void> {
  const path = socketPath(address);
  if (path === undefined) return listenAt(server, { label: `tcp ${address}`, open: () => server.listen(splitAddress(address)) });
  if (Buffer.byteLength(path) > longestPath) throw new Error(`listen unix ${path}: the path has more than ${longestPath} octets`);
  await removeStale(path);
  return listenAt(server, { label: `unix ${path}`, open: () => openForOwner(server, path) });
}

function listenAt(server: Server, { label, open }: { readonly label: string; readonly open: () => void }): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'bind: address already in use' : error.message;
      const port = Number(/:(\d+)$/.exec(label)?.[1] ?? 0);
      reject(new Error(`listen ${label}: ${reason}${port === 0 ? '' : listenAdvice(error.code, port, 'http')}`, { cause: error }));
    };
    server.once('error', refuse);
    server.once('listening', () => {
      server.off('error', refuse);
      resolve();
    });
    open();
  });
}

/** The file is made in this call, so nobody else can connect before its mode is set. */
function openForOwner(server: Server, path: string): void {
  if (!isMainThread) {
    server.once('listening', () => chmodSync(path, 0o600));
    server.listen({ path });
    return;
  }
  const before = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`listen unix ${path}: there is something else than a socket`);
  if (await answers(path)) throw new Error(`listen unix ${path}: bind: address already in use`);
  unlinkSync(path);
}

/** Whether somebody listens at a socket file. What cannot be found out counts as yes. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });
}

/** Splits "HOST:PORT"; throws an Error that says what was found. */
function splitAddress(address: string): { readonly host?: string; readonly port: number } {
  const found = /^(?<host>\[[^\]]*\]|[^:]*):(?<port>\d{1,5})$/.exec(address)?.groups;
  const port = Number(found?.['port']);
  if (found === undefined || port > 65535) throw new Error(`address '${address}', expected HOST:PORT, :PORT or unix:PATH`);
  const host = (found['host'] ?? '').replace(/^\[|\]$/g, '');
  return { port, ...(host === '' ? {} : { host }) };
}
