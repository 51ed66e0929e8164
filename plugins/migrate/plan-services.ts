// The services of a cluster that a plan leads to or from: who knows them, and where they are reached.
import { type ClusterServices, clusterServicesFor, readServiceReference, type ServiceAddresses, type ServiceReference } from 'ferrydns/built-in';
import type { WrittenMove } from 'ferrydns/built-in/moves';
import { type ExamineContext, messageOf, type SetupContext } from 'ferrydns/plugin';

export class PlanServices {
  private readonly references: ReadonlyMap<string, ServiceReference>;
  private readonly move: WrittenMove;
  private cluster: ClusterServices | undefined;

  constructor(move: WrittenMove) {
    this.move = move;
    const targets = move.plan.names.flatMap(({ from, to }) => [...from, ...to]);
    const texts = targets.flatMap((target) => (target.kind === 'service' ? [target.service] : []));
    this.references = new Map(texts.map((text) => [text, readServiceReference(text)]));
  }

  /** Finds who knows them, and fails where nobody does, or they are hidden. */
  examine(context: ExamineContext, setup: Pick<SetupContext, 'fail'>): void {
    for (const [text, reference] of this.references) {
      try {
        this.cluster = clusterServicesFor(context);
        const refusal = this.cluster.refusal(reference);
        if (refusal !== undefined) throw new Error(refusal);
        this.cluster.need(reference);
      } catch (error) {
        const moved = this.move.plan.names.find(({ from, to }) => [...from, ...to].some((each) => each.kind === 'service' && each.service === text));
        setup.fail(`${text}: ${messageOf(error)}`, moved && this.move.words.get(moved.name));
      }
    }
  }

  /** Where a service of the plan is reached now. */
  find(text: string): ServiceAddresses {
    const reference = this.references.get(text);
    if (reference === undefined || this.cluster === undefined) throw new Error(`${text} is no service of the plan, or was not examined`);
    return this.cluster.find(reference);
  }
}
