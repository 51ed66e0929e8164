// The objects of one kind as the API server tells of them: what a new list does not name is gone when the list has ended, and not before.
import type { Kind, Kinds } from './objects.ts';
import type { Resource } from './resources.ts';
import { nameOf, type RawObject, versionOf } from './trimming.ts';

/** Takes what has changed. */
export interface Sink {
  put(kind: Kind, key: string, object: Kinds[Kind], raw: RawObject): void;
  remove(kind: Kind, key: string): void;
  /** An object that is not as the API promises: it is left out, or as it was. */
  malformed(kind: Kind, key: string, reason: string): void;
}

interface Held {
  version: string;
  /** The list that named it last. */
  generation: number;
}

export class Inventory {
  private readonly resource: Resource;
  private readonly sink: Sink;
  private readonly held = new Map<string, Held>();
  private generation = 0;
  /** Whether the list that is under way has named something that could not be read. */
  private hasDoubt = false;

  constructor(resource: Resource, sink: Sink) {
    this.resource = resource;
    this.sink = sink;
  }

  /** A list begins. One that began before and did not end is forgotten. */
  beginList(): void {
    this.generation++;
    this.hasDoubt = false;
  }

  /** The list has named all that is there. Where part of it could not be read, nobody knows what is gone. */
  endList(): void {
    if (this.hasDoubt) return;
    for (const [key, { generation }] of this.held) if (generation !== this.generation) this.drop(key);
  }

  /** Something came that is no object. */
  unreadable(reason: string): void {
    this.hasDoubt = true;
    this.sink.malformed(this.resource.kind, '', reason);
  }

  put(raw: RawObject): void {
    const { kind } = this.resource;
    const key = keyOf(raw);
    if (key === undefined) {
      this.unreadable('no metadata.name');
      return;
    }
    const version = versionOf(raw);
    const known = this.held.get(key);
    if (known !== undefined) known.generation = this.generation;
    if (known !== undefined && version !== '' && known.version === version) return;
    try {
      const object = this.resource.trim(raw);
      if (object === undefined) return;
      if (known === undefined) this.held.set(key, { version, generation: this.generation });
      else known.version = version;
      this.sink.put(kind, key, object, raw);
    } catch (error) {
      this.sink.malformed(kind, key, (error as Error).message);
    }
  }

  remove(raw: RawObject): void {
    const key = keyOf(raw);
    if (key !== undefined && this.held.has(key)) this.drop(key);
  }

  private drop(key: string): void {
    this.held.delete(key);
    this.sink.remove(this.resource.kind, key);
  }
}

/** "NAMESPACE/NAME"; undefined for an object without a name. */
function keyOf(raw: RawObject): string | undefined {
  try {
    const { namespace, name } = nameOf(raw);
    return `${namespace}/${name}`;
  } catch {
    return undefined;
  }
}
