interface Underway<T> {
  current: Promise<T>;
  next: Promise<T> | null;
}

/**
 * Reads of the same thing by many at once: one is under way, and all that come meanwhile share the next.
 * What anybody gets was read after they asked, and one caller takes one connection, however often they
 * call at once.
 */
export class SharedReads<T> {
  readonly #underway = new Map<string, Underway<T>>();

  /** What `load` reads; `load` must read the same thing for the same `key`. */
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
