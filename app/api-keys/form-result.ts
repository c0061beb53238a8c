import type { FieldErrors } from "../auth/to-field-errors.ts";

/** What a form of the API keys page gets back: the new key (shown only once), or what is wrong. */
export type FormResult =
  | { key: string }
  | { revoked: true }
  | { message: string | null; fields: FieldErrors };
