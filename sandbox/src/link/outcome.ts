import type { PlaidErrorBody } from "../plaid/plaid-error.ts";

/** What one step of Link answers its page with. */
export type LinkOutcome =
  | { outcome: "error"; error: PlaidErrorBody; request_id: string }
  | { outcome: string; [field: string]: unknown };
