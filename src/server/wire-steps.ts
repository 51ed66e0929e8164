// The wire steps of a server block as one.
import type { WireStep } from '../plugin/wire-step.ts';
import type { Use } from './block.ts';

/** The parts of a {@link WireStep} that a plugin in use has; undefined where none has. A reply comes to those in front of the chain last. */
export type WireSteps = { readonly [Part in keyof WireStep]: WireStep[Part] | undefined };

/** What the plugins in use do with messages; undefined where none does anything. */
export function wireStepsOf(uses: readonly Use[]): WireSteps | undefined {
  const steps = uses.flatMap(({ instance: { wireStep } }) => (wireStep === undefined ? [] : [wireStep]));
  // Most often there is one: its methods are called as they are, which takes less than calls that lead to them.
  if (steps.length < 2) return steps[0];
  const rooms = partsOf(steps, 'room');
  const [sending, ...more] = partsOf(steps, 'sending').reverse();
  return {
    asked: oneAfterAnother(partsOf(steps, 'asked')),
    received: oneAfterAnother(partsOf(steps, 'received')),
    room: rooms.length < 2 ? rooms[0] : (query) => rooms.reduce((sum, room) => sum + room(query), 0),
    sending:
      more.length === 0
        ? sending
        : (out, length, query) => more.reduce((soFar, send) => send(out, soFar, query), sending?.(out, length, query) ?? length),
    silent: oneAfterAnother(partsOf(steps, 'silent')),
  };
}

function partsOf<Part extends keyof WireStep>(steps: readonly WireStep[], part: Part): NonNullable<WireStep[Part]>[] {
  return steps.flatMap((step) => {
    const found = step[part];
    return found === undefined ? [] : [found.bind(step) as NonNullable<WireStep[Part]>];
  });
}

function oneAfterAnother<A extends readonly unknown[]>(calls: readonly ((...args: A) => void)[]): ((...args: A) => void) | undefined {
  if (calls.length < 2) return calls[0];
  return (...args) => {
    for (const call of calls) call(...args);
  };
}
