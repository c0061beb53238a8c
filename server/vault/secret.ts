import { inspect } from "node:util";

/**
 * A secret value. It prints, serializes and inspects as `[secret]`. Only `reveal()` returns it; call that
 * only in the adapter that needs the secret.
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
