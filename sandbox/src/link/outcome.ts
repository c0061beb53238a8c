import type { PlaidErrorBody } from "../plaid/plaid-error.ts";

/** The result of one step of Link. */
export type LinkOutcome =
  | { outcome: "error"; error: PlaidErrorBody; request_id: string }
  | { outcome: string; [field: string]: unknown };
