// Who has an address: mostly one, and then no list is kept.
import type { AddressKey } from './addresses.ts';

export class AddressTable<T extends object> {
  private readonly owners = new Map<AddressKey, T | T[]>();

  /** Those that have the address, in the order in which they came to it. */
  find(key: AddressKey): readonly T[] {
    const found = this.owners.get(key);
    if (found === undefined) return [];
    return Array.isArray(found) ? found : [found];
  }

  add(key: AddressKey, owner: T): void {
    const found = this.owners.get(key);
    if (found === undefined) this.owners.set(key, owner);
    else if (!Array.isArray(found)) this.owners.set(key, [found, owner]);
    else found.push(owner);
  }

  remove(key: AddressKey, owner: T): void {
    const found = this.owners.get(key);
    if (found === owner) this.owners.delete(key);
    if (!Array.isArray(found)) return;
    const at = found.indexOf(owner);
    if (at >= 0) found.splice(at, 1);
    if (found.length === 1) this.owners.set(key, found[0] as T);
    else if (found.length === 0) this.owners.delete(key);
  }
}
