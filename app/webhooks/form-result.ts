import type { FieldErrors } from "../auth/to-field-errors.ts";

/** What a form of the webhooks pages gets back: a secret (shown only once), that it is done, or what is wrong. */
export type FormResult =
  | { secret: string }
  | { done: true }
  | { message: string | null; fields: FieldErrors };

export const messageOf = (data: FormResult | undefined): string | null =>
  data && "message" in data ? data.message : null;

export const fieldsOf = (data: FormResult | undefined): FieldErrors =>
  data && "fields" in data ? data.fields : {};

export const secretOf = (data: FormResult | undefined): string | null =>
  data && "secret" in data ? data.secret : null;
