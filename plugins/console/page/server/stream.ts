// Follows a stream of events for as long as somebody looks, through reloads and restarts of the server.
import { type Failure, failureOf, reasonOf } from './ask.ts';
import { noteHeard, noteLost, noteStranger } from './connection.ts';
import { EventReader } from './event-reader.ts';

export interface Follower {
  /** What has happened, in the order in which it came. */
  readonly event: (type: string, data: unknown) => void;
  /** The stream has begun, for the first time or anew: what was seen before may have gaps. */
  readonly begun?: () => void;
  /** There is nothing to follow: the server says why. It is asked again later. */
  readonly refused?: (failure: Failure) => void;
}

/** Milliseconds before another attempt; the last one for all that follow. */
const pauses = [250, 500, 1000, 2000, 4000];
/** The server says something every 15 seconds. */
const silence = 40_000;
/** Where it has said why not, it will not change its mind at once. */
const later = 10_000;

/** Follows until the returned function is called. */
export function follow(path: string, follower: Follower): () => void {
  const end = new AbortController();
  void run(path, follower, end.signal);
  return () => end.abort();
}

async function run(path: string, follower: Follower, signal: AbortSignal): Promise<void> {
  for (let attempts = 0; !signal.aborted; attempts++) {
    const wait = await attempt(path, { follower, signal, begun: () => (attempts = 0) });
    await pause(wait ?? pauses[Math.min(attempts, pauses.length - 1)] ?? 0, signal);
  }
}

interface Attempt {
  readonly follower: Follower;
  readonly signal: AbortSignal;
  readonly begun: () => void;
}

/** Returns how long to wait before the next attempt, where that is known. */
async function attempt(path: string, { follower, signal, begun }: Attempt): Promise<number | undefined> {
  const quiet = new AbortController();
  const watch = watchdog(quiet);
  try {
    const response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.any([signal, quiet.signal]) });
    if (response.status === 401) noteStranger();
    if (response.status !== 200 || response.body === null) {
      noteHeard();
      follower.refused?.(failureOf(response.status, await response.json().catch(() => undefined)));
      return later;
    }
    begun();
    noteHeard();
    follower.begun?.();
    await readAll(response.body, follower, watch.heard);
    // It has ended in order: a reload, or the end of the server.
    return 250;
  } catch (error) {
    if (!signal.aborted) noteLost(reasonOf(error));
    return undefined;
  } finally {
    watch.end();
  }
}

async function readAll(body: ReadableStream<Uint8Array<ArrayBuffer>>, { event }: Follower, heard: () => void): Promise<void> {
  const pieces = body.pipeThrough(new TextDecoderStream()).getReader();
  const reader = new EventReader();
  for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
    heard();
    for (const { type, data } of reader.read(piece.value)) event(type, JSON.parse(data));
  }
}

function watchdog(quiet: AbortController): { readonly heard: () => void; readonly end: () => void } {
  let timer = setTimeout(() => quiet.abort(), silence);
  return {
    heard() {
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), silence);
    },
    end: () => clearTimeout(timer),
  };
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}
