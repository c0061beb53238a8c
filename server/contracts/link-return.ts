import type { LinkOutcome } from "./link-news.ts";

/** What the page that a bank's own site returns to has to do or show. */
export type LinkReturn =
  /** Link continues with the link_token that it was opened with; `itemId` in update mode. */
  | { at: "open"; linkToken: string; itemId: string | null }
  /** The address was opened before, and Link may be running in another tab. */
  | { at: "opened_before" }
  /** Link was finished; the bank is being connected. */
  | { at: "pending"; bank: string | null }
  /** Link has ended. `reason`: from `contracts/errors.ts`, when it did not connect. */
  | {
      at: "over";
      outcome: Extract<LinkOutcome, "connected" | "not_connected"> | "unknown";
      bank: string | null;
      reason: string | null;
    }
  /** No Link of this user: it is too old, or another user's. */
  | { at: "lost" };
