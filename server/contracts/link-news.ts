import { z } from "zod";

/**
 * How a Link ended whose `onSuccess` never reached us. `not_received`: Plaid has the Item, and no public_token
 * for it can be had. `too_late`: the public_token had expired when we got it.
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

/** What a user has to be told of a Link that ended without its tab. */
export const linkNews = z.object({
  id: z.uuid(),
  outcome: linkOutcome,
  /** The bank, where it is known. */
  bank: z.string().nullable(),
  /** Of `not_connected` and `not_reconnected`; `limit_reached` on a `reconnected` whose new accounts had no room. */
  reason: z.string().nullable(),
  /** The Item that was in update mode. */
  itemId: z.uuid().nullable(),
});
export type LinkNews = z.infer<typeof linkNews>;
