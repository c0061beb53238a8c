import type { Db } from "../../db/client.ts";
import { findItem, findItemToUpdate, type ItemOfUser } from "../../db/items.ts";
import { forgetPlaidUser, keepLinksUntil } from "../../db/plaid-users.ts";
import { getPlanUse } from "../../db/plans.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import type {
  CreateLinkTokenInput,
  CreateLinkTokenOutput,
  LinkKind,
} from "../contracts/connect.ts";
import { FiscilityError, type PlaidFailure } from "../contracts/errors.ts";
import { itemProblems } from "../contracts/item-problem.ts";
import { checkItem } from "../items/check-item.ts";
import { problemOf } from "../plaid/item-error.ts";
import type { LinkLanguage } from "../plaid/link-language.ts";
import { isAboutUser } from "../plaid/plaid-users.ts";
import { ensurePlaidUser } from "../reconciliation/plaid-user.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { requireRoom } from "./account-limit.ts";
import { keepOpenedLink } from "./opened-link.ts";

/**
 * A link_token for this user in their language, valid 4 hours. Refuses with `limit_reached` when the plan
 * has no room for one more account (E5); whatever Plaid says is `link_unavailable` to the user and is
 * logged (E1). With `itemId` it opens update mode, valid 30 minutes, which takes no room; where
 * the bank has accounts that are not shared, or with `chooseAccounts`, the user chooses among all of them,
 * whether the Item is healthy or not. An Item that is not
 * the user's is `not_found`; one whose access has ended is `item_gone`, one of a bank that Plaid no
 * longer reads `bank_unsupported`. The token is kept, sealed, for the way back from a bank's own site.
 * With `hosted` Plaid shows Link on a page of its own for a day, and `finish-links.ts` connects what comes of it.
 */
export async function createLinkToken(
  services: Services,
  user: { id: string },
  {
    itemId: given,
    connectAgain,
    kind,
    chooseAccounts = false,
    hosted: isHosted = false,
    completionRedirectUri,
    noticeVersion,
    language,
  }: CreateLinkTokenInput & { language: LinkLanguage },
  log: Log,
): Promise<CreateLinkTokenOutput> {
  const { config, db, plaid, limits } = services;
  const itemId = given ?? null;
  const update = itemId === null ? undefined : await openUpdate(services, user.id, itemId);
  if (update && chooseAccounts) update.choosesAccounts = true;
  const again = connectAgain ? await findEnded(services, user.id, connectAgain, log) : undefined;
  // The accounts that come again have their room already.
  if (!update && !again) await requireRoomForOne(db, user.id);
  const plaidUserId = await ensurePlaidUser(services, user.id, log);
  try {
    const { linkToken, expiration, hostedLinkUrl, requestId } = await withPlaidUser(
      db,
      user.id,
      plaidUserId,
      (known) =>
        plaid.createLinkToken({
          userId: user.id,
          plaidUserId: known,
          ...(isHosted
            ? { hosted: { lifetimeMs: limits.hostedLink, completionRedirectUri } }
            : { redirectUri: `${config.appUrl}/connect/oauth` }),
          webhook: config.webhookUrl,
          language,
          kind: again?.kind ?? kind,
          institutionId: again?.institutionId,
          update,
        }),
    );
    const expiresAt = new Date(expiration);
    const linkId = await keepOpenedLink(services, user.id, {
      ...{ linkToken, itemId, isHosted, expiresAt },
      noticeVersion: noticeVersion ?? null,
      kind: update ? null : (again?.kind ?? kind ?? "bank"),
    });
    if (!update) await keepLinksUntil(db, user.id, expiresAt);
    log.info(
      { event: "link_token", userId: user.id, itemId, plaidRequestId: requestId },
      "Link token",
    );
    return { linkToken, expiration, linkId, hostedLinkUrl };
  } catch (error) {
    if (!(error instanceof FiscilityError)) throw error;
    const { plaid: failure } = error as FiscilityError;
    const ended =
      itemId !== null &&
      failure &&
      (await hasEnded(services, { userId: user.id, itemId }, failure, log));
    throw new FiscilityError(ended || "link_unavailable", { plaid: failure });
  }
}

/** Without the Plaid user where Plaid refuses it: the next link_token makes another. */
async function withPlaidUser<T>(
  db: Db,
  userId: string,
  plaidUserId: string | null,
  create: (plaidUserId: string | null) => Promise<T>,
): Promise<T> {
  try {
    return await create(plaidUserId);
  } catch (error) {
    if (plaidUserId === null || !isAboutUser(error)) throw error;
    await forgetPlaidUser(db, { userId, plaidUserId });
    return create(null);
  }
}

/** Why update mode can never open again, which is stored with the Item; null where it may. */
async function hasEnded(
  services: Services,
  item: ItemOfUser,
  failure: PlaidFailure,
  log: Log,
): Promise<"item_gone" | "bank_unsupported" | null> {
  const kind = problemOf(failure);
  if (kind !== "connect_again" && kind !== "unsupported") return null;
  // Plaid may be away by now: then Link is unavailable, which is true as well.
  const status = await checkItem(services, item, log, failure).catch(() => null);
  return status === "revoked" ? itemProblems[kind].reason : null;
}

/** What update mode is opened with. Errors: `not_found`. */
async function openUpdate({ db, vault }: Services, userId: string, itemId: string) {
  const item = await findItemToUpdate(db, userId, itemId);
  if (!item) throw new FiscilityError("not_found");
  const { tokenSealed, choosesAccounts } = item;
  return {
    accessToken: vault.open(tokenSealed, accessTokenOwner(userId, itemId)),
    choosesAccounts,
  };
}

/**
 * The bank of an Item whose access has ended, and what Link offers it for. Link may know of the end before we do.
 *
 * @throws FiscilityError `not_found` also for an Item that works; `link_unavailable` when Plaid does not tell
 */
async function findEnded(services: Services, userId: string, id: string, log: Log) {
  const item = await findItem(services.db, userId, id);
  if (!item) throw new FiscilityError("not_found");
  if (item.status !== "revoked") {
    const checked = await checkItem(services, { userId, itemId: id }, log).catch(() => {
      throw new FiscilityError("link_unavailable");
    });
    if (checked !== "revoked") throw new FiscilityError("not_found");
  }
  const isLoan = item.accounts.every(({ type }) => type === "loan");
  const without: LinkKind = isLoan ? "loan" : "investments";
  const kind: LinkKind = item.hasTransactions ? "bank" : without;
  return { institutionId: item.institution.id, kind };
}

async function requireRoomForOne(db: Db, userId: string): Promise<void> {
  const { plan, accountsUsed } = await getPlanUse(db, userId);
  requireRoom({ plan: plan.name, maxAccounts: plan.maxAccounts }, accountsUsed, 1);
}
