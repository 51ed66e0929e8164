// What a plan says of an answer that is to be explained.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { Explained, Query } from 'ferrydns/plugin';
import type { ActivePlan } from './active-plan.ts';

type How = ReturnType<ActivePlan['steering']>;

/** Where the plan stands. */
interface Standing {
  readonly plan: { readonly name: string; readonly mode: string; readonly role: string };
  readonly active: ActivePlan;
  /** Undefined where the process that runs the plan is another one. */
  readonly status: PlanStatus | undefined;
}

/** Notes how the plan stands, and what it makes of a query at this moment. */
export function explainPlan(explained: Explained, { plan, active, status }: Standing): void {
  const { damage, phase = 'not known' } = active;
  const more = status === undefined ? '' : `, epoch ${status.epoch}${status.paused ? ', paused' : ''}`;
  explained.note(`plan ${plan.name}: ${plan.mode}, role ${plan.role}, phase ${phase}${more}`);
  explained.note(damage === undefined ? steering(active.steering()) : `nothing is answered: ${damage}`);
  if (status === undefined) return;
  const { health, wait, orders } = status;
  const back = orders.find(({ verb }) => verb === 'rollback')?.refusal ?? null;
  explained.note(`health: A ${health.from}, B ${health.to}`);
  if (wait !== null) explained.note(`the plan waits: ${wait.why}${wait.until === null ? '' : `, until ${wait.until}`}`);
  if (phase !== 'original' && back !== null) explained.note(`it cannot be rolled back: ${back}`);
}

/** Notes that a moved name is answered as if there were no plan: its configuration is not the one of a server that runs. */
export function explainUnstarted(
  { name, explained }: Query,
  plan: { readonly name: string; readonly names: readonly { readonly name: string }[] },
): void {
  if (plan.names.some((moved) => moved.name === name))
    explained?.note(`plan ${plan.name} moves this name, but only in a server that runs: ask that one, without -conf. Here it is passed on`);
}

/** Notes the side that the answer names, and how long a client would hold it. */
export function explainAnswer(explained: Explained, names: keyof typeof sides | undefined, milliseconds: number): void {
  if (names === undefined) explained.note('the answer names neither A nor B');
  else
    explained.note(`leads to ${sides[names]}; a client could hold it for ${Math.round(milliseconds / 1000)} s. Nobody was given this one: no lease`);
}

const sides = { from: 'A', to: 'B', both: 'A and B' } as const;

function steering(how: How): string {
  if (how.kind === 'silent') return `nothing is answered: ${how.why}. A client is kept waiting for a while, then told SERVFAIL`;
  if (how.kind === 'weight') return `${how.share}% of the answers lead to B, TTL ${how.ttl}`;
  if (how.kind === 'canary') return `${how.share}% of the clients are led to B, chosen by their address, TTL ${how.ttl}`;
  return how.answer === 'pass'
    ? 'the plugins behind answer: the name has been handed back'
    : `everybody is led to ${sides[how.answer]}, TTL ${how.ttl}`;
}
