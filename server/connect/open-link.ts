import { findOpenLink } from "../../db/open-links.ts";
import { linkTokenOwner } from "../../db/sealed.ts";
import type { Services } from "../services.ts";
import { VaultError } from "../vault/vault.ts";

/**
 * The link_token this person opened Link with last, with the Item it updates, or null when there is none
 * that still works. A bank that logs people in on its own site sends them back in any tab, and Link goes
 * on only with the token it was opened with: https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export async function findOpenLinkToken(
  { db, vault }: Pick<Services, "db" | "vault">,
  user: { id: string },
): Promise<{ linkToken: string; itemId: string | null } | null> {
  const open = await findOpenLink(db, user.id);
  if (open === null) return null;
  try {
    return {
      linkToken: vault.open(open.linkTokenSealed, linkTokenOwner(user.id)).reveal(),
      itemId: open.itemId,
    };
  } catch (error) {
    // Its key has left the ring since: the person starts again, which costs a minute.
    if (error instanceof VaultError) return null;
    throw error;
  }
}
