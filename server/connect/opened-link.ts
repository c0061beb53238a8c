import { createHash, randomUUID } from "node:crypto";
import { closeUpdateLinks, storeLinkToken } from "../../db/link-tokens.ts";
import { linkTokenOwner, openedLinkOwner } from "../../db/sealed.ts";
import type { FinishUpdateModeInput, LinkKind } from "../contracts/connect.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { Secret } from "../vault/secret.ts";

type Needs = Pick<Services, "db" | "vault">;

/**
 * Public_tokens and link_tokens are looked up by their hash, because Plaid's webhooks and requests contain
 * them in the clear.
 */
export const hashOfToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/**
 * Stores the link_token that a user opens Link with until we know how that Link ended. Returns the id of its
 * row.
 */
export async function storeOpenedLink(
  { db, vault }: Needs,
  userId: string,
  link: {
    linkToken: string;
    itemId: string | null;
    kind: LinkKind | null;
    isHosted: boolean;
    expiresAt: Date;
    /** The version of the privacy notice that the user sees; null when Link opens outside our pages. */
    noticeVersion: string | null;
  },
): Promise<string> {
  const { linkToken, ...rest } = link;
  const id = randomUUID();
  const secret = new Secret(linkToken);
  await storeLinkToken(db, userId, {
    id,
    ...rest,
    linkTokenHash: hashOfToken(linkToken),
    linkTokenSealed: vault.seal(secret, openedLinkOwner(userId, id)),
    sealedForUser: vault.seal(secret, linkTokenOwner(userId)),
  });
  return id;
}

/**
 * Runs `work` after update mode, for a tab that is open. Closes the tab's Link, unless the error is
 * retryable: then the tab offers to retry, and if it is closed first, we finish the Link ourselves.
 */
export async function closingUpdateLinks<T>(
  { db }: Pick<Services, "db">,
  user: { id: string },
  { itemId, linkToken }: FinishUpdateModeInput,
  work: () => Promise<T>,
): Promise<T> {
  const hash = linkToken === undefined ? null : hashOfToken(linkToken);
  const close = () => closeUpdateLinks(db, user.id, { itemId, hash });
  try {
    const result = await work();
    await close();
    return result;
  } catch (error) {
    const known: FiscilityError | null = error instanceof FiscilityError ? error : null;
    if (known && !reasons[known.reason].retryable) await close();
    throw error;
  }
}
