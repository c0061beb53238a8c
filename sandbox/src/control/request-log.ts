/** The bounded record behind `/_control/requests`. Holds no tokens and no secrets. */

export interface RequestEntry {
  at: string;
  method: string;
  path: string;
  request_id: string;
  /** HTTP status; null when the connection was dropped or left hanging. */
  status: number | null;
  error_code: string | null;
  item_id: string | null;
  /** Which fault, if any, was applied, e.g. `drop after`. */
  fault: string | null;
  duration_ms: number;
}

const KEPT = 100_000;

export class RequestLog {
  #entries: RequestEntry[] = [];
  #next = 0;

  add(entry: RequestEntry): void {
    if (this.#entries.length < KEPT) {
      this.#entries.push(entry);
    } else {
      this.#entries[this.#next] = entry;
      this.#next = (this.#next + 1) % KEPT;
    }
  }

  /** Oldest first; the last 100,000. */
  list(): RequestEntry[] {
    return [...this.#entries.slice(this.#next), ...this.#entries.slice(0, this.#next)];
  }

  clear(): void {
    this.#entries = [];
    this.#next = 0;
  }
}
