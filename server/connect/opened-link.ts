import { createHash, randomUUID } from "node:crypto";
import { closeUpdateLinks, keepLinkToken } from "../../db/link-tokens.ts";
import { linkTokenOwner, openedLinkOwner } from "../../db/sealed.ts";
import type { FinishUpdateModeInput, LinkKind } from "../contracts/connect.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import { Secret } from "../vault/secret.ts";

type Needs = Pick<Services, "db" | "vault">;

/** Public_tokens and link_tokens are found by their hashes: Plaid's webhooks and requests name them. */
export const hashOfToken = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Keeps the link_token that a user opens Link with until it is known what became of it. Returns the id of its row. */
export async function keepOpenedLink(
  { db, vault }: Needs,
  userId: string,
  link: {
    linkToken: string;
    itemId: string | null;
    kind: LinkKind | null;
    isHosted: boolean;
    expiresAt: Date;
    /** The version of the privacy notice that the user sees; null where it is no page of ours. */
    noticeVersion: string | null;
  },
): Promise<string> {
  const { linkToken, ...rest } = link;
  const id = randomUUID();
  const secret = new Secret(linkToken);
  await keepLinkToken(db, userId, {
    id,
    ...rest,
    linkTokenHash: hashOfToken(linkToken),
    linkTokenSealed: vault.seal(secret, openedLinkOwner(userId, id)),
    sealedForUser: vault.seal(secret, linkTokenOwner(userId)),
  });
  return id;
}

/**
 * Runs what follows update mode, for a tab that is there. Its Link is over with that, unless it fails for now:
 * then the tab offers to retry, and where it is closed before, we finish it ourselves.
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
