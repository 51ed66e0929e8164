// A side of a move that is a name: the addresses it leads to are followed as they change, and looked at by the checks of the side.
import { FollowedName, Health, type NameAddresses, type Pace } from 'ferrydns/built-in/checks';
import type { Awaitable, Name, Query, Reply } from 'ferrydns/plugin';
import type { CheckedAddress } from './checked-address.ts';
import { CheckedAddresses } from './checked-addresses.ts';
import { longestWait, unguarded } from './look-ups.ts';

export interface CheckedNameOptions {
  /** The name is asked for no more often than services are looked at, and counts as one: by `fall` and `rise`. */
  readonly pace: Pace;
  readonly now: () => number;
  resolve(query: Query): Awaitable<Reply>;
  look(address: string): CheckedAddress;
  /** Something was found. */
  noted(): void;
}

export class CheckedName {
  private readonly options: CheckedNameOptions;
  private readonly followed: FollowedName;
  private readonly health = new Health();
  private readonly checked: CheckedAddresses;

  constructor(name: Name, options: CheckedNameOptions) {
    const { pace, now, resolve } = options;
    this.options = options;
    this.checked = new CheckedAddresses((address) => options.look(address));
    this.followed = new FollowedName(name, {
      shortest: pace.interval,
      longest: longestWait,
      now,
      resolve: unguarded(resolve),
      heard: (addresses) => this.hear(addresses),
    });
  }

  tick(): void {
    this.followed.tick();
  }

  /** Whether the name can be resolved and one of its addresses is well; undefined: not known yet. */
  state(judged: boolean): boolean | undefined {
    if (!this.health.known) return undefined;
    return this.health.up ? this.checked.state(judged) : false;
  }

  release(): void {
    this.followed.release();
    this.checked.release();
  }

  private hear(addresses: NameAddresses | undefined): void {
    const { pace, now, noted } = this.options;
    this.health.record(addresses !== undefined, pace, now());
    // What it led to before is kept while it cannot be resolved: it may just be one answer that was lost.
    if (addresses !== undefined) this.checked.become([...addresses.A, ...addresses.AAAA]);
    noted();
  }
}
