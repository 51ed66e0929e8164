// DNS A and DNS B for the time of a story: two services at two addresses and one port that is free at both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from 'ferrydns/testing';
import { Service, type ServiceOptions } from './service.ts';

export const addressOfA = '127.0.0.2';
export const addressOfB = '127.0.0.3';

export interface Pair {
  readonly a: Service;
  readonly b: Service;
  readonly port: number;
}

export interface PairOptions {
  /** The server program and its first words. */
  readonly command: readonly string[];
  /** What else the servers are started with, given their port and a folder that is gone when the story ends. */
  readonly surroundings?: (port: number, directory: string) => Pick<ServiceOptions, 'environment' | 'home'>;
}

/** Both have ended when this resolves or rejects, or when the process ends; neither has been started before. */
export async function withPair<T>({ command, surroundings }: PairOptions, tell: (pair: Pair) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'ferrydns-migration-'));
  const port = await freePort(addressOfA, addressOfB);
  const alike = { port, command, directory, ...surroundings?.(port, directory) };
  const a = new Service({ name: 'DNS A', address: addressOfA, ...alike });
  const b = new Service({ name: 'DNS B', address: addressOfB, ...alike });
  const forget = () => rmSync(directory, { recursive: true, force: true });
  const killNow = () => {
    for (const service of [a, b]) service.killNow();
    forget();
  };
  process.once('exit', killNow);
  try {
    return await tell({ a, b, port });
  } finally {
    await Promise.all([a.stop(), b.stop()]);
    process.removeListener('exit', killNow);
    forget();
  }
}
