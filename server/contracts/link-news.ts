import { z } from "zod";

/**
 * How a Link ended whose `onSuccess` never reached us. `not_received`: Plaid has the Item, but we cannot get
 * a public_token for it. `too_late`: the public_token had expired when we received it.
 */
export const linkOutcome = z.enum([
  "connected",
  "already_connected",
  "not_connected",
  "reconnected",
  "not_reconnected",
  "not_received",
  "too_late",
]);
export type LinkOutcome = z.infer<typeof linkOutcome>;

/** The message for a user about a Link that ended without its tab. */
export const linkNews = z.object({
  id: z.uuid(),
  outcome: linkOutcome,
  /** The bank's name, if known. */
  bank: z.string().nullable(),
  /**
   * For `not_connected` and `not_reconnected`; `limit_reached` on a `reconnected` when the plan had no room
   * for new accounts.
   */
  reason: z.string().nullable(),
  /** The Item that was in update mode. */
  itemId: z.uuid().nullable(),
});
export type LinkNews = z.infer<typeof linkNews>;
