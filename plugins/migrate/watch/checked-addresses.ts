// The addresses that one target of a side leads to now, each looked at by the checks of the side.
import type { CheckedAddress } from './checked-address.ts';

export class CheckedAddresses {
  private readonly look: (address: string) => CheckedAddress;
  private readonly looked = new Map<string, CheckedAddress>();

  constructor(look: (address: string) => CheckedAddress) {
    this.look = look;
  }

  /** These are all there are now. */
  become(addresses: readonly string[]): void {
    for (const [address, looked] of this.looked) {
      if (addresses.includes(address)) continue;
      looked.release();
      this.looked.delete(address);
    }
    for (const address of addresses) if (!this.looked.has(address)) this.looked.set(address, this.look(address));
  }

  /** Whether one of them is well; undefined: not known yet. */
  state(judged: boolean): boolean | undefined {
    const states = [...this.looked.values()].map((each) => each.state(judged));
    if (states.includes(true)) return true;
    return states.length === 0 || states.includes(undefined) ? undefined : false;
  }

  release(): void {
    for (const looked of this.looked.values()) looked.release();
    this.looked.clear();
  }
}
