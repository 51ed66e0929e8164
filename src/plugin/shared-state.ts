// What the primary process of a server knows and its workers need: entries that are the same in all processes, and notes on the way back.

/** The key of a state that is shared: `V` is what an entry holds, `N` what workers tell the primary process. Both are plain data. */
export interface StateKey<V, N> {
  readonly label: string;
  readonly __types?: readonly [V, N];
}

/** Makes the key of a shared state; the label tells it from others of the same instance. */
export function sharedState<V, N = never>(label: string): StateKey<V, N> {
  return { label };
}

/** What an instance does with what comes from other processes. All are called when its `start` has ended, the first time with what came before. */
export interface StateListener<V, N> {
  /** In a worker: an entry was set, or deleted where there is no value. */
  readonly changed?: (key: string, value: V | undefined) => void;
  /** In the primary process: a worker tells something. The notes of a worker come in order. */
  readonly told?: (note: N) => void;
  /** In the primary process: there is a worker that follows, and there was none. Who would hold entries for workers alone sets them from here on. */
  readonly followed?: () => void;
}

/**
 * A state that all processes of a server have: see {@link StartContext.share}. The primary process writes it, workers have a copy that follows: each
 * entry comes to the value that it has now, and entries that change come in the order of their last change. What has to change together is one entry.
 */
export interface SharedState<V, N> {
  readonly entries: ReadonlyMap<string, V>;
  /**
   * In the primary process. A value is not changed after it was set; one that is set again is told again, be it the same. Throws an Error in a
   * worker, as {@link delete} and {@link replace} do.
   */
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Makes these all entries; only what differs is told. */
  replace(entries: ReadonlyMap<string, V>): void;
  /**
   * In a worker: tells the primary process. Throws an Error for what is not plain data. False, and the note is lost, when 1000 notes of this state
   * are on their way already. In the primary process nothing happens.
   */
  tell(note: N): boolean;
}
