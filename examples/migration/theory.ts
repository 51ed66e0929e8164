// What share of the clients should be on DNS A: one half to the power of the TTLs, and the other stages of the story.

/** How a stage changes the share: `stay`, `halve` (A tells A and B), `return` (B is down), `leave` (A tells B alone). */
export type Course = 'stay' | 'halve' | 'return' | 'leave';

/** When the clients ask: spread evenly over the TTL, or all at this part of it. */
export type Phases = 'spread' | number;

/** The share on DNS A `ttls` TTLs after a stage began with the share `before`. */
export function expectedShare(course: Course, before: number, ttls: number, phases: Phases): number {
  const { whole, part } = draws(ttls, phases);
  const drawn = Math.min(1, whole + part);
  switch (course) {
    case 'stay':
      return before;
    case 'halve':
      return before * 0.5 ** whole * (1 - part / 2);
    case 'return':
      return before + (1 - before) * drawn;
    case 'leave':
      return before * (1 - drawn);
  }
}

/** The standard deviation of a measured share: clients decide independently of one another. */
export function deviation(share: number, clients: number): number {
  return Math.sqrt((share * (1 - share)) / clients);
}

/** How often every client has drawn, and which part of them once more. */
function draws(ttls: number, phases: Phases): { readonly whole: number; readonly part: number } {
  if (phases === 'spread') return { whole: Math.floor(ttls), part: ttls - Math.floor(ttls) };
  return { whole: Math.max(0, Math.ceil(ttls - phases)), part: 0 };
}
