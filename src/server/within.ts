// Waits for what a plugin does, but not for ever.

import { formatDuration } from '../config/duration.ts';
import { ConfigError, type Place } from '../config/error.ts';
import { type Awaitable, isPromise } from '../plugin/awaitable.ts';
import type { Plugin } from '../plugin/definition.ts';

/** What a plugin is asked to do, by the name of the deadline that holds for it. */
const deadlineOf = { setup: 'setup', examine: 'setup', start: 'start', stop: 'stop' } as const;

/**
 * What a member of a plugin comes to. Rejects with a ConfigError at the plugin's directive when it has not resolved by its deadline, or when the server
 * is to stop meanwhile.
 */
export async function within<T>(
  { plugin, place }: { readonly plugin: Plugin; readonly place: Place },
  member: keyof typeof deadlineOf,
  run: () => Awaitable<T>,
  stopping?: AbortSignal,
): Promise<T> {
  const value = run();
  if (!isPromise(value)) return value;
  const deadline = deadlineOf[member];
  const milliseconds = plugin.deadlines[deadline];
  const refuse = (message: string, expected?: string) => new ConfigError(message, { place, plugin: plugin.name, expected });
  const late = refuse(
    `${member}() has not ended within ${formatDuration(milliseconds)}`,
    `its promise to be kept, or a longer 'deadlines: { ${deadline} }' in the plugin, in milliseconds`,
  );
  return await inTime(value, { milliseconds, late, stopping, stopped: refuse(`${member}() had not ended when the server was told to stop`) });
}

interface Limits {
  readonly milliseconds: number;
  readonly late: Error;
  readonly stopping: AbortSignal | undefined;
  readonly stopped: Error;
}

/** Waits for a value as long as these say. */
export function inTime<T>(value: Promise<T>, { milliseconds, late, stopping, stopped }: Limits): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => reject(late), milliseconds);
  const stop = () => reject(stopped);
  if (stopping?.aborted === true) stop();
  stopping?.addEventListener('abort', stop);
  value.then(resolve, reject);
  return promise.finally(() => {
    clearTimeout(timer);
    stopping?.removeEventListener('abort', stop);
  });
}
