import { findOpenLink } from "../../db/open-links.ts";
import type { Services } from "../services.ts";
import { VaultError } from "../vault/vault.ts";

/**
 * The link_token this person opened Link with last, or null when there is none that still works. A
 * bank that logs people in on its own site sends them back in any tab, and Link goes on only with
 * the token it was opened with: https://plaid.com/docs/link/oauth/#reinitializing-link
 */
export async function openLinkToken(
  { db, vault }: Pick<Services, "db" | "vault">,
  user: { id: string },
): Promise<string | null> {
  const sealed = await findOpenLink(db, user.id);
  if (sealed === null) return null;
  try {
    return vault.open(sealed, user.id).reveal();
  } catch (error) {
    // Its key has left the ring since: the person starts again, which costs a minute.
    if (error instanceof VaultError) return null;
    throw error;
  }
}
