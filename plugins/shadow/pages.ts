// What shadows have found, at the admin addresses. `docs/admin-api.yaml` describes it.
import { setTimeout as pause } from 'node:timers/promises';
import type { ShadowStatus } from 'ferrydns/built-in';
import { type AdminCollection, adminHeaders, answerJson } from 'ferrydns/built-in/admin';
import type { HttpResponse } from 'ferrydns/plugin';
import type { Book } from './book.ts';

/** Milliseconds between two looks, and of silence until a comment shows that the connection lives. */
const pace = 500;
const heartbeat = 15_000;

/** One use of the plugin, as it is told of. */
export interface AdminShadow {
  /** "HOST:PORT" of the servers that are asked. */
  readonly servers: readonly string[];
  readonly zones: readonly string[];
  readonly sample: number;
  readonly book: Book;
}

export const shadows: AdminCollection<AdminShadow> = {
  path: '/shadow',
  kind: 'shadow',
  pages: (members) => ({
    '/shadow': { method: 'GET', all: () => answerJson(200, { shadows: [...members.values()].map(statusOf) }) },
    '/shadow/events': { method: 'GET', all: () => events([...members.values()]) },
  }),
};

function statusOf({ servers, zones, sample, book }: AdminShadow): ShadowStatus {
  return { servers, zones, sample, ...book.counts, kinds: book.kinds, differences: book.differences };
}

function events(all: readonly AdminShadow[]): HttpResponse {
  return {
    status: 200,
    body: 'retry: 1000\n\n',
    contentType: 'text/event-stream',
    headers: adminHeaders,
    stream: (signal) => follow(all, signal),
  };
}

/** Those that are kept at first, then what comes. */
async function* follow(all: readonly AdminShadow[], signal: AbortSignal): AsyncGenerator<string, void> {
  const told = new Map(all.map(({ book }) => [book, 0]));
  let spoken = performance.now();
  while (!signal.aborted) {
    for (const [book, number] of told) {
      const found = book.since(number);
      told.set(book, book.newest);
      for (const difference of found) {
        spoken = performance.now();
        yield `event: difference\ndata: ${JSON.stringify(difference)}\n\n`;
      }
    }
    if (performance.now() - spoken >= heartbeat) {
      spoken = performance.now();
      yield ': still here\n\n';
    }
    // Ended early, it has nothing to say about it.
    await pause(pace, undefined, { signal }).catch(() => undefined);
  }
}
