// How often the API server is asked, and how many requests may wait for their answer at once.

/** What `apiserver_qps`, `apiserver_burst` and `apiserver_max_inflight` say; 0 stands for no limit. */
export interface ApiLimits {
  readonly perSecond: number;
  readonly burst: number;
  readonly inFlight: number;
}

/** As many requests as a client of Go may make at once where only their rate is stated. */
const usualBurst = 10;

export class Throttle {
  private readonly limits: ApiLimits;
  private readonly now: () => number;
  private readonly capacity: number;
  private tokens: number;
  private filledAt: number;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];

  /** `now` is in milliseconds on a monotonic clock. */
  constructor(limits: ApiLimits, now: () => number) {
    this.limits = limits;
    this.now = now;
    this.capacity = limits.burst > 0 ? limits.burst : usualBurst;
    this.tokens = this.capacity;
    this.filledAt = now();
  }

  /** Milliseconds until the next request may begin; it is counted as begun. */
  delay(): number {
    const { perSecond } = this.limits;
    if (perSecond <= 0) return 0;
    const now = this.now();
    this.tokens = Math.min(this.capacity, this.tokens + ((now - this.filledAt) / 1000) * perSecond) - 1;
    this.filledAt = now;
    return this.tokens >= 0 ? 0 : (-this.tokens / perSecond) * 1000;
  }

  /** Resolves when there is room for one more request. */
  enter(): Promise<void> {
    const { inFlight } = this.limits;
    if (inFlight <= 0 || this.inFlight < inFlight) {
      this.inFlight++;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.inFlight--;
    else next();
  }
}
