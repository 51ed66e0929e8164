// Those who have asked for something to be done with a plan and wait to hear whether it was.

export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

export class Verdicts {
  private readonly waiting = new Map<string, (verdict: Verdict) => void>();

  /** A name for what was asked for, and what resolves when it is decided. */
  ask(): { readonly id: string; readonly verdict: Promise<Verdict> } {
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.waiting.set(id, resolve);
    return { id, verdict: promise };
  }

  decide(id: string, { ok, reason }: Verdict): void {
    this.waiting.get(id)?.({ ok, reason });
    this.waiting.delete(id);
  }

  /** Nothing more will be decided. */
  refuseAll(reason: string): void {
    for (const id of [...this.waiting.keys()]) this.decide(id, { ok: false, reason });
  }
}
