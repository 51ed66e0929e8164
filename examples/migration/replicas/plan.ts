// The operator of the plan: asks how it stands, and says what is to be done.

/** What is read of a status; the server sends more. */
export interface Status {
  readonly epoch: number;
  readonly phase: string;
  readonly step: number;
  readonly horizon: { readonly a_may_be_switched_off: string | null };
  /** Clients that may hold an answer with A. */
  readonly leases: { readonly from: number };
}

/** Milliseconds. */
const patience = 30_000;
const pace = 50;

export class Plan {
  private readonly url: string;

  constructor(admin: string, name: string) {
    this.url = `http://${admin}/migrations/${name}`;
  }

  async status(): Promise<Status> {
    return (await (await fetch(this.url)).json()) as Status;
  }

  /** Asks for a change again and again until it is done: the server says what is in the way, and what it is told when it goes on too early. */
  async order(verb: 'start' | 'advance'): Promise<void> {
    let reason = '';
    await waitUntil(
      async () => {
        const { epoch } = await this.status();
        const body = JSON.stringify({ epoch, by: 'the example' });
        const response = await fetch(`${this.url}/${verb}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
        reason = ((await response.json()) as { readonly reason: string }).reason;
        return response.ok;
      },
      () => `${verb} is refused: ${reason}`,
    );
  }

  async reach(phase: string): Promise<Status> {
    let status = await this.status();
    await waitUntil(
      async () => {
        status = await this.status();
        return status.phase === phase;
      },
      () => `still in ${status.phase}, expected ${phase}`,
    );
    return status;
  }
}

/** Rejects with what `problem` says when it does not come true in time. */
export async function waitUntil(holds: () => Promise<boolean> | boolean, problem: () => string): Promise<void> {
  for (const end = performance.now() + patience; !(await holds()); await new Promise((resolve) => setTimeout(resolve, pace))) {
    if (performance.now() > end) throw new Error(`${problem()}, after ${patience} ms`);
  }
}
