// How components look at what the server says.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Failure, get } from './ask.ts';
import type { Cell } from './cell.ts';
import { type Follower, follow } from './stream.ts';

/** The value of a cell, drawn again when it changes. */
export function useCell<T>(cell: Cell<T>): T {
  const [value, setValue] = useState(cell.value);
  useEffect(() => {
    setValue(() => cell.value);
    return cell.listen((next) => setValue(() => next));
  }, [cell]);
  return value;
}

/** Follows a stream as long as the component is there; undefined follows nothing. */
export function useFollow(path: string | undefined, follower: Follower): void {
  const latest = useRef(follower);
  latest.current = follower;
  useEffect(() => {
    if (path === undefined) return undefined;
    return follow(path, {
      event: (type, data) => latest.current.event(type, data),
      begun: () => latest.current.begun?.(),
      refused: (failure) => latest.current.refused?.(failure),
    });
  }, [path]);
}

/** What was asked for, and what came of it last. */
export interface Asked<T> {
  readonly value: T | undefined;
  /** Why there is no newer value. */
  readonly failure: Failure | undefined;
  readonly again: () => void;
}

/** What one request has brought: a value, or why there is none. */
type Outcome<T> = { readonly value: T; readonly failure: undefined } | { readonly failure: Failure };

/** GET now and every so many milliseconds; 0: once. A value stays when a later request fails. Undefined asks nothing. */
export function useAsked<T>(path: string | undefined, every = 0): Asked<T> {
  const [state, setState] = useState<{ readonly path: string | undefined; readonly value: T | undefined; readonly failure: Failure | undefined }>(
    unasked,
  );
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const tell = (next: Outcome<T>) => setState((before) => ({ ...(before.path === path ? before : unasked), ...next, path }));
    return repeat(path, every, tell);
  }, [path, every, round]);
  const { value, failure } = state.path === path ? state : unasked;
  return { value, failure, again: () => setRound((count) => count + 1) };
}

const unasked = { path: undefined, value: undefined, failure: undefined };

function repeat<T>(path: string, every: number, tell: (next: Outcome<T>) => void): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    const next = await once<T>(path);
    if (over) return;
    tell(next);
    if (every > 0) timer = setTimeout(run, every);
  };
  void run();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

async function once<T>(path: string): Promise<Outcome<T>> {
  try {
    return { value: await get<T>(path), failure: undefined };
  } catch (error) {
    return { failure: error instanceof Failure ? error : new Failure(0, String(error)) };
  }
}

/** Milliseconds of this page's clock, which is never set; drawn again every second. */
export function useTick(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
