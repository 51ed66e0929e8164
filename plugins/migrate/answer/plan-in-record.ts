// One record of several plans, as the names of one of them are answered: while plans take turns, what one calls A another calls B.
import { migration } from 'ferrydns/built-in/moves';
import type { ActivePlan } from './active-plan.ts';

export type Sides = migration.State['where'];

/** How a plan that is answered one way, with its names led to `theirs`, is answered by a plan with sides of its own. */
export function seenFrom(how: migration.Steering, theirs: Sides, own: Sides): migration.Steering {
  if (isAlike(theirs, own) || how.kind === 'silent') return how;
  if (how.kind !== 'fixed' || how.answer === 'both') return handingOver;
  if (how.answer === 'pass') return how;
  const led = theirs[how.answer];
  if (led !== own.from && led !== own.to) return handingOver;
  return { ...how, answer: led === own.from ? 'from' : 'to' };
}

export function isAlike(a: Sides, b: Sides): boolean {
  return a.from === b.from && a.to === b.to;
}

const handingOver: migration.Steering = { kind: 'silent', why: 'one plan hands over to another' };

/** The record. The plan in force in it may be another one than the plan whose queries are answered. */
export interface Recorded extends ActivePlan {
  readonly state: migration.State;
}

export class PlanInRecord implements ActivePlan {
  private readonly record: Recorded;
  private readonly own: Sides;
  private readonly apart: ActivePlan['state'];

  constructor(record: Recorded, plan: migration.Plan) {
    this.record = record;
    this.own = migration.sidesOf(plan);
    this.apart = { plan, timing: migration.timingOf(plan) };
  }

  get state(): ActivePlan['state'] {
    return this.inForce ? this.record.state : this.apart;
  }

  /** Before it is in force a plan has not begun; when another one is in force after it, it is over. */
  get phase(): ActivePlan['phase'] {
    const { phase, state } = this.record;
    if (this.inForce || phase === undefined || phase === 'released') return phase;
    return state.where.to === this.own.from ? 'original' : 'done';
  }

  get damage(): string | undefined {
    return this.record.damage;
  }

  get held(): ActivePlan['held'] {
    return this.record.held;
  }

  steering(): migration.Steering {
    const how = this.record.steering();
    return this.inForce ? how : seenFrom(how, this.record.state.where, this.own);
  }

  /** What is handed out while plans take turns is counted with what was before: the next move begins with waiting for that. */
  handed(client: string, answer: 'from' | 'to' | 'both', ttl: number): void {
    if (this.inForce) this.record.handed(client, answer, ttl);
  }

  private get inForce(): boolean {
    return isAlike(this.record.state.where, this.own);
  }
}
