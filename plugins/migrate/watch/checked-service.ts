// A side of a move that is a service of a cluster: well when an endpoint of it is ready, and one of its addresses passes the checks of the side.
import type { ServiceAddresses } from 'ferrydns/built-in';
import type { CheckedAddress } from './checked-address.ts';
import { CheckedAddresses } from './checked-addresses.ts';

export interface CheckedServiceOptions {
  find(): ServiceAddresses;
  look(address: string): CheckedAddress;
  /** Something else was found. */
  noted(): void;
  /** Nobody serves there any more, or again: then there is no reason. */
  troubled(why: string | undefined): void;
}

export class CheckedService {
  private readonly options: CheckedServiceOptions;
  private readonly checked: CheckedAddresses;
  private found: ServiceAddresses | undefined;
  private trouble: string | undefined;

  constructor(options: CheckedServiceOptions) {
    this.options = options;
    this.checked = new CheckedAddresses((address) => options.look(address));
  }

  tick(): void {
    const found = this.options.find();
    if (found === this.found) return;
    this.found = found;
    if (!found.known) return;
    this.checked.become(found.addresses);
    if (found.trouble !== this.trouble) this.options.troubled(found.trouble);
    this.trouble = found.trouble;
    this.options.noted();
  }

  state(judged: boolean): boolean | undefined {
    if (this.found?.known !== true) return undefined;
    return this.found.trouble === undefined ? this.checked.state(judged) : false;
  }

  release(): void {
    this.checked.release();
  }
}
