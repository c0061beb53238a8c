import { FiscilityError } from "./errors.ts";
import { isPhrase } from "./phrases.ts";

/** Throws `confirmation_mismatch` when the user did not type `phrase`. */
export function requirePhrase(typed: string, phrase: string): void {
  if (!isPhrase(typed, phrase)) {
    throw new FiscilityError("confirmation_mismatch", { details: { expected: phrase } });
  }
}
