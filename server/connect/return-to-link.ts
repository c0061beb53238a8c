import { type ClaimedLink, claimReturnedLink, findReturnedLink } from "../../db/link-returns.ts";
import { linkTokenOwner, openedLinkOwner } from "../../db/sealed.ts";
import type { LinkReturn } from "../contracts/link-return.ts";
import type { Services } from "../services.ts";
import { VaultError } from "../vault/vault.ts";
import { linkStateOf } from "./link-state.ts";
import { hashOfToken } from "./opened-link.ts";

/** Where a bank's own site sent the user back to. */
export interface ReturnFromBank {
  /** Of the address, as the bank or anyone else wrote it. */
  oauthStateId: string;
  /** The Link that the tab opened last; null in another tab than the one that opened it. */
  linkId: string | null;
  /** The user knows that the address was opened before, and goes on all the same. */
  again: boolean;
}

/**
 * A bank that logs users in on its own site has sent this one back. Link goes on only with the token that it
 * was opened with, and a user may have it open in several tabs: the tab's own goes first, else the newest that
 * no bank has returned to, as a bank's app may open another tab.
 * https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export async function returnToLink(
  services: Pick<Services, "db" | "vault">,
  user: { id: string },
  { oauthStateId, linkId, again }: ReturnFromBank,
): Promise<LinkReturn> {
  const { db } = services;
  const stateHash = hashOfToken(oauthStateId);
  const known = await findReturnedLink(db, user.id, stateHash);
  if (!known) {
    const claimed = await claimReturnedLink(db, user.id, { stateHash, linkId });
    return claimed ? open(services, user.id, claimed) : { at: "lost" };
  }
  const { bank } = known;
  const { at, reason } = linkStateOf(known);
  if (at === "finishing") return { at: "pending", bank };
  if (at !== "open") return { at: "over", outcome: at === "ended" ? "unknown" : at, bank, reason };
  if (known.isExpired) return { at: "lost" };
  return again ? open(services, user.id, known) : { at: "opened_before" };
}

function open(
  { vault }: Pick<Services, "vault">,
  userId: string,
  { id, linkTokenSealed, itemId }: ClaimedLink,
): LinkReturn {
  if (linkTokenSealed === null) return { at: "lost" };
  const owner = id === null ? linkTokenOwner(userId) : openedLinkOwner(userId, id);
  try {
    return { at: "open", linkToken: vault.open(linkTokenSealed, owner).reveal(), itemId };
  } catch (error) {
    // Its key has left the ring since: the user starts again, which costs a minute.
    if (error instanceof VaultError) return { at: "lost" };
    throw error;
  }
}
