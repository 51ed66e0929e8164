// A server block that answers names without their plan, because it was told to.
import {
  type Capability,
  capability,
  type ExamineContext,
  type Instance,
  type Name,
  type Place,
  provide,
  type Route,
  type SetupContext,
  type StartContext,
  type Word,
} from 'ferrydns/plugin';
import { type Planned, planned } from './examine.ts';

/** Where names are answered without their plan. */
export interface Exemption {
  readonly server: string;
  readonly zone: string;
  /** "FILE:LINE" */
  readonly place: string;
}

export class Off implements Instance {
  readonly provides = [provide(off, this as Off)];
  private readonly names: ReadonlyMap<Name, Word>;
  private readonly place: Place;
  private readonly context: SetupContext;
  private routes: readonly Route[] = [];

  constructor(names: ReadonlyMap<Name, Word>, place: Place, context: SetupContext) {
    this.names = names;
    this.place = place;
    this.context = context;
  }

  /** Whether it is about a plan: one of the names is enough, as they move together. */
  concerns(plan: { readonly names: readonly { readonly name: Name }[] }): boolean {
    return plan.names.some(({ name }) => this.names.has(name));
  }

  exemptions(): readonly Exemption[] {
    const { file, line } = this.place;
    return this.routes.map(({ server, zone }) => ({ server, zone, place: `${file}:${line}` }));
  }

  examine(context: ExamineContext): void {
    for (const [name, word] of this.names) {
      const holds = ({ configured }: Planned) => configured.move.words.has(name);
      const here = context.peers(planned).find(holds);
      if (here !== undefined)
        this.context.fail(`${name} is moved by plan ${here.name} in this server block, expected either the plan or 'off'`, word);
      if (!context.everywhere(planned).some(holds)) this.context.warn(`no plan of this configuration moves ${name}: 'off' changes nothing`, word);
    }
  }

  start({ routes }: StartContext): void {
    this.routes = routes;
  }
}

/** By this plans find the server blocks that are to do without them. */
export const off: Capability<Off> = capability('migrate off');
