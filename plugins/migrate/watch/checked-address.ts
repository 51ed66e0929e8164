// One address of a side of a move, with all the checks of that side.
import type { Check, CheckSpec, Checks } from 'ferrydns/built-in/checks';

export interface CheckedAddressOptions {
  readonly checks: Checks;
  readonly specs: readonly CheckSpec[];
  /** Something was found. */
  noted(): void;
}

export class CheckedAddress {
  private readonly checks: readonly Check[];
  /** What each check found last; undefined until it did. */
  private readonly found: (boolean | undefined)[];

  constructor(address: string, { checks, specs, noted }: CheckedAddressOptions) {
    this.found = specs.map(() => undefined);
    this.checks = specs.map((spec, i) => {
      const note = ({ ok }: { readonly ok: boolean }) => {
        this.found[i] = ok;
        noted();
      };
      return checks.use(address, spec, { looked: note, changed: note });
    });
  }

  /**
   * Whether all checks find it well; undefined: not known yet. A service counts as up until proved down, but a side is first called well,
   * `judged` being false, only when it was seen to be.
   */
  state(judged: boolean): boolean | undefined {
    if (this.checks.some((check) => check.known && !check.up)) return false;
    return this.checks.every((check, i) => check.known && (judged || this.found[i] === true)) ? true : undefined;
  }

  release(): void {
    for (const check of this.checks) check.release();
  }
}
