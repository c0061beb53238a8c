interface Underway<T> {
  current: Promise<T>;
  next: Promise<T> | null;
}

/**
 * Shares concurrent reads with the same key: while one runs, all later calls share the next one. So a result
 * is never older than its call, and each caller uses one connection, however often they call at once.
 */
export class SharedReads<T> {
  readonly #underway = new Map<string, Underway<T>>();

  /** Returns the result of `load`, which must read the same data for the same `key`. */
  read(key: string, load: () => Promise<T>): Promise<T> {
    const underway = this.#underway.get(key);
    if (!underway) return this.#begin(key, load);
    const begin = () => this.#begin(key, load);
    underway.next ??= underway.current.then(begin, begin);
    return underway.next;
  }

  #begin(key: string, load: () => Promise<T>): Promise<T> {
    const entry: Underway<T> = { current: load(), next: null };
    this.#underway.set(key, entry);
    const end = () => {
      if (entry.next === null) this.#underway.delete(key);
    };
    entry.current.then(end, end);
    return entry.current;
  }
}
