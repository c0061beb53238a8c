import { inspect } from "node:util";

/**
 * A value that must not be seen: it prints, serialises and inspects as `[secret]`.
 * Only `reveal()` gives it away, and only the doors that a secret opens call that.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
