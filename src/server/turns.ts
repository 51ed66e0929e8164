// Things that must not happen at the same time, one after another.

export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Runs when everything that came before is over, whatever became of it. */
  take<T>(run: () => Promise<T>): Promise<T> {
    const result = this.last.then(run, run);
    this.last = result.catch(() => undefined);
    return result;
  }
}
