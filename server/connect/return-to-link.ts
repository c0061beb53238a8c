import { type ClaimedLink, claimReturnedLink, findReturnedLink } from "../../db/link-returns.ts";
import { linkTokenOwner, openedLinkOwner } from "../../db/sealed.ts";
import type { LinkReturn } from "../contracts/link-return.ts";
import type { Services } from "../services.ts";
import { VaultError } from "../vault/vault.ts";
import { linkStateOf } from "./link-state.ts";
import { hashOfToken } from "./opened-link.ts";

/** The return from a bank's own site. */
export interface ReturnFromBank {
  /** From the query string, so it is not trusted. */
  oauthStateId: string;
  /** The Link that this tab opened last; null when another tab opened it. */
  linkId: string | null;
  /** The user knows that this address was opened before, and continues anyway. */
  again: boolean;
}

/**
 * A bank that logs users in on its own site has redirected the user back. Link continues only with the
 * link_token that opened it, and a user may have it open in several tabs. The tab's own Link comes first,
 * else the newest that no bank has returned to, because a bank's app may open another tab.
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
    // Its key was removed from the ring. The user starts again, which takes a minute.
    if (error instanceof VaultError) return { at: "lost" };
    throw error;
  }
}
