// How long to wait before the next attempt: longer each time, and never the same for all replicas of a cluster.

/** Milliseconds. */
const first = 100;
const longest = 10_000;

export class BackOff {
  private next = first;

  /** Milliseconds to wait now; `atMost` bounds them. */
  take(atMost = longest): number {
    const wait = Math.min(this.next, atMost);
    this.next = Math.min(this.next * 2, longest);
    return wait * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.next = first;
  }
}

/** Resolves when the time has passed, or the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
