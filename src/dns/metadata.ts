// What plugins tell each other, and the log, about one query.

/** A typed key of a value that a plugin attaches to a query; `label` is how the log and templates name it, as "kubernetes/namespace". */
export interface MetadataKey<T> {
  readonly label: `${string}/${string}`;
  readonly help: string;
  readonly __type?: T;
}

/** Makes a key; `label` is the plugin and the value, as "kubernetes/namespace", `help` says what the value is. */
export function metadataKey<T extends string | number | boolean>(label: `${string}/${string}`, help: string): MetadataKey<T> {
  return { label, help };
}

/** The values attached to one query. A value may be a function, which runs when somebody looks. */
export class Metadata {
  private readonly values = new Map<string, unknown>();

  get<T>(key: MetadataKey<T>): T | undefined {
    return this.byLabel(key.label) as T | undefined;
  }

  set<T>(key: MetadataKey<T>, value: T | (() => T)): void {
    this.values.set(key.label, value);
  }

  byLabel(label: string): unknown {
    const value = this.values.get(label);
    return typeof value === 'function' ? (value as () => unknown)() : value;
  }

  labels(): string[] {
    return [...this.values.keys()];
  }
}
