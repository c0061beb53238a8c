/** A value that components subscribe to with `useSyncExternalStore`. */
export interface Store<T> {
  now(): T;
  set(next: T): void;
  /** Calls `watcher` on every change until the returned function is called. */
  watch(watcher: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const watchers = new Set<() => void>();
  return {
    now: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const watcher of watchers) watcher();
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
