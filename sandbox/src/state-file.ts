/** Keeps a state on disk: written soon after a change and once more on close. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type State, serialiseState } from "./state.ts";

const WRITE_AFTER_MS = 150;

export class StateFile {
  readonly #file: string;
  readonly #read: () => State;
  #timer: NodeJS.Timeout | null = null;

  constructor(file: string, read: () => State) {
    this.#file = file;
    this.#read = read;
    mkdirSync(dirname(file), { recursive: true });
  }

  /** Says that the state has changed. Writes are gathered. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.write(), WRITE_AFTER_MS);
  }

  /** Writes now. A reader never sees half a file: it is written beside and moved into place. */
  write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const beside = `${this.#file}.writing`;
    writeFileSync(beside, serialiseState(this.#read()), { mode: 0o600 });
    renameSync(beside, this.#file);
  }
}
