// A cache in front of a scripted upstream, with a clock that the test turns.
import { serve, type TestServer } from 'ferrydns/testing';
import { onTestFinished } from 'vitest';
import { type Script, startUpstream, type Upstream } from './upstream.ts';

export interface Cached {
  readonly server: TestServer;
  readonly upstream: Upstream;
  /** Lets seconds pass, for the server alone. */
  pass(seconds: number): void;
}

/** `words` is the cache directive, `before` what stands in front of it in the server block. Everything is stopped when the test ends. */
export async function cached(words: string, script: Script, before = ''): Promise<Cached> {
  let now = 1_000_000;
  const pass = (seconds: number) => {
    now += seconds * 1000;
  };
  const upstream = await startUpstream(script);
  onTestFinished(() => upstream.stop());
  const server = await serve(`.:0 {\n errors\n ${before}\n ${words}\n forward . ${upstream.endpoint}\n}`, { now: () => now });
  onTestFinished(() => server.stop());
  return { server, upstream, pass };
}

/** A cache directive with these lines in its block. */
export const cacheWith = (...lines: readonly string[]): string => `cache {\n ${lines.join('\n ')}\n }`;

/** The SOA of example.org as a line of an upstream's script. */
export const soa = (ttl: number, minimum = ttl): string => `example.org ${ttl} SOA ns.example.org host.example.org 1 7200 3600 86400 ${minimum}`;
