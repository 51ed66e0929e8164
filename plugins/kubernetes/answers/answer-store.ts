// The answers that were given last, each made once: what a change of the cluster makes false is dropped, and whoever else keeps it is told.
import type { Counter, Name, Reply } from 'ferrydns/plugin';
import type { AddressKey } from '../cluster/addresses.ts';

/** Names whose answers are kept. */
const mostNames = 8192;

/** What an answer depends on: what goes by a name in a namespace, as "NAMESPACE/NAME", and an address. */
export interface Causes {
  readonly services?: readonly string[];
  readonly address?: AddressKey | undefined;
}

export interface Kept {
  /** Undefined: somebody else has answered. */
  readonly reply: Reply | undefined;
  /** The serial number that stands in it; undefined where none does. */
  readonly serial: number | undefined;
  /** What counts that it was given. */
  readonly counter?: Counter | undefined;
}

interface Note {
  readonly byType: Map<number, Kept>;
  readonly services: Set<string>;
  readonly addresses: Set<AddressKey>;
}

/** Hears of a question whose answer is another from now on. */
export type Forget = (name: Name, typeCode: number) => void;

export class AnswerStore {
  private readonly notes = new Map<Name, Note>();
  private readonly byService = new Map<string, Set<Name>>();
  private readonly byAddress = new Map<AddressKey, Set<Name>>();
  private readonly listeners = new Set<Forget>();

  /** Calls back with every question that was answered and whose answer is no longer true. Returns how to end that. */
  subscribe(listener: Forget): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The answer to a question, if it is as it would be made now. */
  find(name: Name, typeCode: number, serial: number): Reply | undefined {
    const kept = this.notes.get(name)?.byType.get(typeCode);
    if (kept === undefined || (kept.serial !== undefined && kept.serial !== serial)) return undefined;
    kept.counter?.add();
    return kept.reply;
  }

  /** Keeps an answer, or notes that there was one, until what it depends on changes. */
  keep(name: Name, typeCode: number, { causes, ...kept }: Kept & { readonly causes: Causes }): void {
    const note = this.notes.get(name) ?? this.begin(name);
    note.byType.set(typeCode, kept);
    for (const service of causes.services ?? []) enter(this.byService, service, { name, into: note.services });
    if (causes.address !== undefined) enter(this.byAddress, causes.address, { name, into: note.addresses });
  }

  serviceChanged(namespace: string, name: string): void {
    if (this.byService.size === 0) return;
    this.drop(this.byService.get(`${namespace}/${name}`));
  }

  addressChanged(key: AddressKey): void {
    if (this.byAddress.size > 0) this.drop(this.byAddress.get(key));
  }

  /** All that was answered of a namespace, whatever its name. */
  namespaceChanged(namespace: string): void {
    for (const [service, names] of this.byService) if (service.startsWith(`${namespace}/`)) this.drop(names);
  }

  /** Every answer is to be made anew. */
  clear(): void {
    this.drop(new Set(this.notes.keys()));
  }

  private begin(name: Name): Note {
    if (this.notes.size >= mostNames) for (const oldest of this.notes.keys()) return this.replace(oldest, name);
    const note: Note = { byType: new Map(), services: new Set(), addresses: new Set() };
    this.notes.set(name, note);
    return note;
  }

  /** What is no longer noted could not be told of when it changes, so nobody is to keep it. */
  private replace(oldest: Name, name: Name): Note {
    this.drop(new Set([oldest]));
    return this.begin(name);
  }

  private drop(names: ReadonlySet<Name> | undefined): void {
    for (const name of [...(names ?? [])]) {
      const note = this.notes.get(name);
      if (note === undefined) continue;
      this.notes.delete(name);
      for (const service of note.services) leave(this.byService, service, name);
      for (const key of note.addresses) leave(this.byAddress, key, name);
      for (const typeCode of note.byType.keys()) for (const listener of this.listeners) listener(name, typeCode);
    }
  }
}

function enter<K>(table: Map<K, Set<Name>>, key: K, { name, into }: { readonly name: Name; readonly into: Set<K> }): void {
  into.add(key);
  const names = table.get(key);
  if (names === undefined) table.set(key, new Set([name]));
  else names.add(name);
}

function leave<K>(table: Map<K, Set<Name>>, key: K, name: Name): void {
  const names = table.get(key);
  names?.delete(name);
  if (names?.size === 0) table.delete(key);
}
