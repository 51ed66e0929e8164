// Whether more has been asked for so long than can be answered that what waits is old.

/** Milliseconds that a socket may go without being empty. Clients ask again after some seconds: from then on those who have waited for longest are answered in vain. */
const patience = 1000;

/** What is known of the messages that wait in the kernel, without looking at them: each has come since there was none. */
export class Backlog {
  /** The end of the first turn that has not emptied the socket, of those since it was empty; milliseconds of the monotonic clock. */
  private since: number | undefined;

  /** Hears at the end of each turn whether there may be more. */
  turned(more: boolean): void {
    if (!more) this.since = undefined;
    else this.since ??= performance.now();
  }

  get isOld(): boolean {
    return this.since !== undefined && performance.now() - this.since > patience;
  }
}
