// Gives the orders that stand in ConfigMaps to the plans. Every server reads them again and again; that an order is settled is in what the servers agree on, so each
// is settled once, whoever reads it, and however often.
import { migration } from 'ferrydns/built-in/moves';
import { type Logger, messageOf } from 'ferrydns/plugin';
import type { Runner } from '../runner/runner.ts';
import { isSettledBy, missed, readOrder, type StandingOrder } from './order-words.ts';
import { idOf, type PlanText, placeOf } from './plan-text.ts';

/** Milliseconds for which an order is tried that cannot be carried out yet: a plan that has just come knows little of A and B, and other servers do not have it. */
const patience = 10_000;

export interface OrdersOptions {
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

export class Orders {
  private readonly options: OrdersOptions;
  /** By id the order that is tried, and since when. */
  private readonly tried = new Map<string, { readonly order: string; readonly since: number }>();

  constructor(options: OrdersOptions) {
    this.options = options;
  }

  /** To be called at each reading, with the order that stands there, what the status beside it says, and what runs the plan. */
  give(about: PlanText, { order, status }: { readonly order: string; readonly status: string | undefined }, runner: Runner): void {
    const { agreed, state, damage } = runner;
    if (order === '' || agreed === null || agreed.ordered?.order === order || state.command !== null || damage !== undefined) return;
    const said = isSettledBy(status, order) ? `it was settled before, as the status said; another one is needed, as '${order} # again'` : read(order);
    if (typeof said === 'string') {
      void this.refuse(about, { order, refusal: said }, runner);
      return;
    }
    const away = missed(said, agreed);
    const { verb, epoch, note } = said;
    const command = { epoch, order, force: false, by: `ConfigMap ${about.namespace}/${about.configMap}${note === '' ? '' : `: ${note}`}` };
    const refusal = away ?? migration.refusalOf(state, { verb, id: '', ...command }, runner.moment());
    if (refusal === null) void runner.command(verb, command);
    else if (away !== undefined || this.isOverdue(about, order)) void this.refuse(about, { order, refusal }, runner);
  }

  /** Another server may have settled it meanwhile. */
  private async refuse(about: PlanText, { order, refusal }: { readonly order: string; readonly refusal: string }, runner: Runner): Promise<void> {
    const by = `ConfigMap ${about.namespace}/${about.configMap}`;
    await runner.command('refuse', { epoch: runner.agreed?.epoch ?? 0, by, force: false, order, refusal });
    if (runner.agreed?.ordered?.refused === refusal) this.options.log.warn(`${placeOf(about)}: order '${order}' refused: ${refusal}`);
  }

  private isOverdue(about: PlanText, order: string): boolean {
    const id = idOf(about);
    const now = this.options.now();
    const known = this.tried.get(id);
    if (known?.order === order) return now - known.since >= patience;
    this.tried.set(id, { order, since: now });
    return false;
  }
}

function read(order: string): StandingOrder | string {
  try {
    return readOrder(order);
  } catch (error) {
    return messageOf(error);
  }
}
