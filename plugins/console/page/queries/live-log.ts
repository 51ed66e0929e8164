// The last queries, and those that come, as long as the view is there.

import type { NumberedEvent, QueryPage } from 'ferrydns/built-in';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Failure, get } from '../server/ask.ts';
import { useFollow } from '../server/hooks.ts';
import { type Filters, queryPath, withNews } from './query-list.ts';

export interface LiveLog {
  /** The newest first; undefined until the server has answered. */
  readonly events: readonly NumberedEvent[] | undefined;
  /** As it stood when the log was opened. */
  readonly page: QueryPage | undefined;
  readonly failure: Failure | undefined;
  readonly paused: boolean;
  /** Events that have come since the pause. */
  readonly waiting: number;
  /** Events that came faster than they could be told. */
  readonly missed: number;
  readonly toggle: () => void;
}

interface Held {
  readonly events: readonly NumberedEvent[] | undefined;
  readonly page: QueryPage | undefined;
  readonly failure: Failure | undefined;
  readonly missed: number;
}

const nothing: Held = { events: undefined, page: undefined, failure: undefined, missed: 0 };

export function useLiveLog(filters: Filters): LiveLog {
  const path = queryPath('/queries', filters, { limit: '200' });
  const [held, setHeld] = useState<Held>(nothing);
  const [still, setStill] = useState<readonly NumberedEvent[] | undefined>(undefined);
  const asked = useRef(path);
  asked.current = path;
  useEffect(() => {
    setHeld(nothing);
    setStill(undefined);
  }, [path]);
  const load = async () => {
    const next = await loaded(path);
    // Somebody has changed the filters meanwhile.
    if (asked.current === path) setHeld((before) => ({ ...before, ...next, events: withNews(before.events ?? [], next.page?.events ?? []) }));
  };
  useFollow(queryPath('/queries/events', filters), {
    begun: () => void load(),
    event: (type, data) => {
      if (type === 'queries') setHeld((before) => ({ ...before, events: withNews(before.events ?? [], data as readonly NumberedEvent[]) }));
      if (type === 'missed') setHeld((before) => ({ ...before, missed: before.missed + (data as { readonly count: number }).count }));
    },
    refused: (failure) => setHeld({ ...nothing, failure }),
  });
  const events = held.events;
  const toggle = useCallback(() => setStill((before) => (before === undefined ? (events ?? []) : undefined)), [events]);
  const newest = still?.[0]?.number ?? -1;
  const waiting = still === undefined ? 0 : (events ?? []).filter(({ number }) => number > newest).length;
  return { ...held, events: still ?? events, paused: still !== undefined, waiting, toggle };
}

async function loaded(path: string): Promise<Pick<Held, 'page' | 'failure'>> {
  try {
    return { page: await get<QueryPage>(path), failure: undefined };
  } catch (error) {
    return { page: undefined, failure: error instanceof Failure ? error : new Failure(0, String(error)) };
  }
}
