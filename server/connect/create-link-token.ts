import { keepOpenLink } from "../../db/open-links.ts";
import { getPlanUse } from "../../db/plans.ts";
import type { CreateLinkTokenOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { Secret } from "../vault/secret.ts";

/**
 * A link_token for this user, valid 4 hours. Refuses with `limit_reached` when the plan has no room
 * for one more account (E5); whatever Plaid says is `link_unavailable` to the person and stands in
 * the log in full (E1). The token is kept, sealed, for the way back from a bank's own site.
 */
export async function createLinkToken(
  { config, db, plaid, vault }: Pick<Services, "config" | "db" | "plaid" | "vault">,
  user: { id: string },
  log: Log,
): Promise<CreateLinkTokenOutput> {
  const { plan, accountsUsed } = await getPlanUse(db, user.id);
  if (accountsUsed >= plan.maxAccounts) {
    throw new FiscilityError("limit_reached", {
      details: { plan: plan.name, limit: plan.maxAccounts, used: accountsUsed, wanted: 1 },
    });
  }
  try {
    const { linkToken, expiration, requestId } = await plaid.createLinkToken({
      userId: user.id,
      redirectUri: `${config.appUrl}/connect/oauth`,
    });
    await keepOpenLink(db, user.id, {
      linkTokenSealed: vault.seal(new Secret(linkToken), user.id),
      expiresAt: new Date(expiration),
    });
    log.info({ event: "link_token", userId: user.id, plaidRequestId: requestId }, "Link token");
    return { linkToken, expiration };
  } catch (error) {
    if (!(error instanceof FiscilityError)) throw error;
    throw new FiscilityError("link_unavailable", { plaid: error.plaid });
  }
}
