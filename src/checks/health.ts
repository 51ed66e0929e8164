// When a service counts as down or up again: not at the first failure, not at the first success, and not over and over.

/** How often to look, and how much it takes to change one's mind. Times in milliseconds. */
export interface Pace {
  readonly interval: number;
  readonly timeout: number;
  /** Failures in a row until it is down. */
  readonly fall: number;
  /** Successes in a row until it is up again. */
  readonly rise: number;
  /** How long it stays down at least, so that one that comes and goes is not believed each time it comes. */
  readonly dwell: number;
}

/** The pace of a check that says no other. */
export const defaultPace: Pace = { interval: 2000, timeout: 1000, fall: 3, rise: 2, dwell: 10_000 };

/** The health of one service. Up until it is proved down. */
export class Health {
  up = true;
  /** Whether anything has been found yet. */
  known = false;
  /** Whether it was found well at least once. */
  seen = false;
  private since = 0;
  private against = 0;

  /** Takes in a finding; true when the service is down from now on, or up from now on. */
  record(ok: boolean, pace: Pace, now: number): boolean {
    this.known = true;
    this.seen ||= ok;
    if (ok === this.up) {
      this.against = 0;
      return false;
    }
    this.against++;
    if (this.up ? this.against < pace.fall : this.against < pace.rise || now - this.since < pace.dwell) return false;
    this.up = ok;
    this.since = now;
    this.against = 0;
    return true;
  }

  /** Starts as down, where nothing has been found yet; false when something has. */
  suspect(): boolean {
    if (this.known || !this.up) return false;
    this.up = false;
    this.since = Number.NEGATIVE_INFINITY;
    return true;
  }

  /** Starts from what another one knows. */
  inherit({ up, known, seen, since, against }: Health): void {
    Object.assign(this, { up, known, seen, since, against });
  }
}
