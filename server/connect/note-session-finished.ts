import { requestLinksPass } from "../../db/jobs.ts";
import { findByLinkToken, noteFinished } from "../../db/link-tokens.ts";
import { publicTokenOwner } from "../../db/sealed.ts";
import type { Services } from "../services.ts";
import { Secret } from "../vault/secret.ts";
import { hashOfToken } from "./opened-link.ts";

/** The fields that we use of Plaid's webhook LINK / SESSION_FINISHED, after its signature is verified. */
interface SessionFinished {
  webhook_type: string | null;
  webhook_code: string | null;
  link_token: string;
  link_session_id: string | null;
  status: string | null;
  public_token?: string | null | undefined;
  public_tokens?: string[] | null | undefined;
}

/**
 * Stores that Link was finished, with its public_token encrypted for the Link's row. `onSuccess` usually
 * arrives at once. If it does not, `finish-links.ts` connects the bank some minutes later. A hosted Link has
 * no `onSuccess`, so it is connected at once.
 *
 * @returns false for any other webhook, which the caller handles
 * @see https://plaid.com/docs/api/link/#session_finished
 */
export async function noteSessionFinished(
  { db, vault, limits }: Pick<Services, "db" | "vault" | "limits">,
  webhook: SessionFinished,
): Promise<boolean> {
  const { webhook_type: type, webhook_code: code, status } = webhook;
  if (type !== "LINK" || code !== "SESSION_FINISHED") return false;
  const publicToken = webhook.public_tokens?.[0] ?? webhook.public_token ?? null;
  const link = await findByLinkToken(db, hashOfToken(webhook.link_token));
  if (!link || status?.toUpperCase() !== "SUCCESS") return true;
  if (link.item_id === null && publicToken === null) return true;
  const owner = publicTokenOwner(link.user_id, link.id);
  const session = {
    publicTokenSealed:
      link.item_id === null && publicToken !== null
        ? vault.seal(new Secret(publicToken), owner)
        : null,
    linkSessionId: webhook.link_session_id,
    institutionId: null,
    institutionName: null,
  };
  await noteFinished(db, link, session, link.is_hosted ? 0 : limits.onSuccess);
  if (link.is_hosted) await requestLinksPass(db);
  return true;
}
