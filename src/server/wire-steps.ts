// The wire steps of a server block as one.
import type { Query } from '../dns/query.ts';
import type { WireStep } from '../plugin/wire-step.ts';
import type { Use } from './block.ts';

/** All parts of a {@link WireStep}. */
export type WireSteps = Required<WireStep>;

/** What the plugins in use do with messages; undefined where none does anything. A reply comes to those in front of the chain last. */
export function wireStepsOf(uses: readonly Use[]): WireSteps | undefined {
  const steps = uses.flatMap(({ instance: { wireStep } }) => (wireStep === undefined ? [] : [wireStep]));
  if (steps.length === 0) return undefined;
  const backwards = [...steps].reverse();
  return {
    received(message, query) {
      for (const step of steps) step.received?.(message, query);
    },
    room: (query: Query) => steps.reduce((sum, step) => sum + (step.room?.(query) ?? 0), 0),
    sending: (out, length, query) => backwards.reduce((soFar, step) => step.sending?.(out, soFar, query) ?? soFar, length),
  };
}
