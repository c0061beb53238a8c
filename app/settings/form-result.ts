import type { FieldErrors } from "../auth/to-field-errors.ts";

/**
 * The result of a form on the pages for API keys and webhooks: a secret, which is shown only once; its
 * errors; or nothing on success.
 */
export interface FormResult {
  secret?: string;
  message?: string;
  fields?: FieldErrors;
}
