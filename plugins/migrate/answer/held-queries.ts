// Queries that may not be answered at this moment: they wait for a change, but not for long.

/** Queries held at the same time, for one plan. */
const most = 10_000;

export class HeldQueries {
  private readonly waiting = new Set<() => void>();

  get count(): number {
    return this.waiting.size;
  }

  /** Resolves to true when there may be an answer again, to false when so many milliseconds have passed, or too many wait already. */
  wait(milliseconds: number): Promise<boolean> {
    if (milliseconds <= 0 || this.waiting.size >= most) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (released: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(release);
        resolve(released);
      };
      const release = () => done(true);
      const timer = setTimeout(() => done(false), milliseconds);
      this.waiting.add(release);
    });
  }

  release(): void {
    for (const resume of [...this.waiting]) resume();
  }
}
