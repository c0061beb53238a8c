import type { FieldErrors } from "../auth/to-field-errors.ts";

/**
 * What a form of the pages for API keys and webhooks gets back: a secret, which is shown only once; what
 * is wrong; or nothing, when it is done.
 */
export interface FormResult {
  secret?: string;
  message?: string;
  fields?: FieldErrors;
}
