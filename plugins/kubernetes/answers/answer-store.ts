// The answers that were given last, each made once: what a change of the cluster makes false is dropped, and whoever else keeps it is told.
import type { Counter, Name, Reply } from 'ferrydns/plugin';
import type { AddressKey } from '../cluster/addresses.ts';

/** Names whose answers are kept. */
const mostNames = 4096;

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

/** What is known of a name: mostly one or two types, so that lists are shorter than tables. */
interface Note {
  readonly types: number[];
  readonly kept: Kept[];
  readonly services: string[];
  readonly addresses: AddressKey[];
}

/** Hears of a question whose answer is another from now on. */
export type Forget = (name: Name, typeCode: number) => void;

export class AnswerStore {
  private readonly notes = new Map<Name, Note>();
  /** The names that depend on each; one alone is no list. */
  private readonly byService = new Map<string, Name | Name[]>();
  private readonly byAddress = new Map<AddressKey, Name | Name[]>();
  private readonly listeners = new Set<Forget>();

  /** Calls back with every question that was answered and whose answer is no longer true. Returns how to end that. */
  subscribe(listener: Forget): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The answer to a question, if it is as it would be made now. */
  find(name: Name, typeCode: number, serial: number): Reply | undefined {
    const note = this.notes.get(name);
    const kept = note?.kept[note.types.indexOf(typeCode)];
    if (kept === undefined || (kept.serial !== undefined && kept.serial !== serial)) return undefined;
    kept.counter?.add();
    return kept.reply;
  }

  /** Keeps an answer, or notes that there was one, until what it depends on changes. */
  keep(name: Name, typeCode: number, { causes, ...kept }: Kept & { readonly causes: Causes }): void {
    const note = this.notes.get(name) ?? this.begin(name);
    const at = note.types.indexOf(typeCode);
    note.kept[at < 0 ? note.types.push(typeCode) - 1 : at] = kept;
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
    for (const [service, names] of [...this.byService]) if (service.startsWith(`${namespace}/`)) this.drop(names);
  }

  private begin(name: Name): Note {
    // What is no longer noted could not be told of when it changes, so nobody is to keep it.
    if (this.notes.size >= mostNames) this.drop(this.notes.keys().next().value);
    const note: Note = { types: [], kept: [], services: [], addresses: [] };
    this.notes.set(name, note);
    return note;
  }

  private drop(names: Name | readonly Name[] | undefined): void {
    for (const name of typeof names === 'string' ? [names] : [...(names ?? [])]) {
      const note = this.notes.get(name);
      if (note === undefined) continue;
      this.notes.delete(name);
      for (const service of note.services) leave(this.byService, service, name);
      for (const key of note.addresses) leave(this.byAddress, key, name);
      for (const typeCode of note.types) for (const listener of this.listeners) listener(name, typeCode);
    }
  }
}

function enter<K>(table: Map<K, Name | Name[]>, key: K, { name, into }: { readonly name: Name; readonly into: K[] }): void {
  if (into.includes(key)) return;
  into.push(key);
  const names = table.get(key);
  if (names === undefined) table.set(key, name);
  else if (typeof names === 'string') table.set(key, [names, name]);
  else names.push(name);
}

function leave<K>(table: Map<K, Name | Name[]>, key: K, name: Name): void {
  const names = table.get(key);
  if (names === name) table.delete(key);
  if (!Array.isArray(names)) return;
  const at = names.indexOf(name);
  if (at >= 0) names.splice(at, 1);
  if (names.length === 0) table.delete(key);
}
