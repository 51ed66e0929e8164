// What the primary process of a server grants to the others: that A is answered with a TTL of 5 seconds, for a second.
import type { migration } from 'ferrydns/built-in/moves';
import type { Snapshot } from '../../plugins/migrate/workers/snapshot.ts';

export const a5: migration.Steering = { kind: 'fixed', answer: 'from', ttl: 5 };

export const snapshot = (more: Partial<Snapshot> = {}): Snapshot => ({
  how: a5,
  phase: 'lowering',
  damage: undefined,
  flip: undefined,
  lasts: 1000,
  ...more,
});
