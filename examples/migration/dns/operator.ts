// An operator of one service's plan: reads how it stands and says what is to be done, at the admin address that the server prints.
import { serviceName } from '../client.ts';
import type { Service } from '../service.ts';

/** What is read of a status; the server sends more. */
export interface Status {
  readonly epoch: number;
  readonly phase: string;
  /** What keeps the plan from its next phase. */
  readonly wait: { readonly why: string } | null;
  readonly horizon: { readonly a_may_be_switched_off: string | null; readonly b_may_be_switched_off: string | null };
  /** Clients that may hold an answer with A (`from`) or B (`to`). */
  readonly leases: { readonly from: number; readonly to: number };
  readonly health: { readonly from: string; readonly to: string };
}

/** Milliseconds. */
const patience = 30_000;
const pace = 50;

export class Operator {
  readonly service: Service;

  constructor(service: Service) {
    this.service = service;
  }

  async status(): Promise<Status> {
    return (await this.call('', undefined)) as Status;
  }

  /** Rejects with the reason when it is refused. */
  async order(verb: 'start' | 'advance' | 'rollback'): Promise<void> {
    const { epoch } = await this.status();
    await this.call(`/${verb}`, { epoch, by: 'the example' });
  }

  /** Waits until the status is so. */
  async until(what: string, holds: (status: Status) => boolean): Promise<void> {
    const end = performance.now() + patience;
    let status = await this.status();
    while (!holds(status)) {
      if (performance.now() > end) throw new Error(`${this.service.name}: not ${what} within ${patience} ms: ${JSON.stringify(status)}`);
      await new Promise((resolve) => setTimeout(resolve, pace));
      status = await this.status();
    }
  }

  private async call(path: string, body: unknown): Promise<unknown> {
    const { name, printed } = this.service;
    // The system chose its port, another one after each start.
    const [, address] = /plans are told at (\S+)/.exec(printed) ?? [];
    if (address === undefined) throw new Error(`${name} does not say where its plans are told:\n${printed}`);
    const post = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(`http://${address}/migrations/${serviceName}${path}`, body === undefined ? {} : post);
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${path.slice(1)}: status ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}
