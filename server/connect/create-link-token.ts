import type { Db } from "../../db/client.ts";
import { findItem, findItemToUpdate, type ItemOfUser } from "../../db/items.ts";
import { deletePlaidUser, keepLinksUntil } from "../../db/plaid-users.ts";
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
import { isPlaidUserError } from "../plaid/plaid-users.ts";
import { ensurePlaidUser } from "../reconciliation/plaid-user.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { requireRoom } from "./account-limit.ts";
import { storeOpenedLink } from "./opened-link.ts";

/**
 * Creates a link_token for this user in their language, valid for 4 hours, and stores it encrypted for the
 * return from a bank's own site.
 *
 * With `itemId` it opens update mode, valid for 30 minutes, which needs no room in the plan. The user chooses
 * among all accounts when the bank has some that are not shared, or with `chooseAccounts`, even if the Item
 * is healthy. With `hosted` Plaid shows Link on a page of its own for a day, and `finish-links.ts` connects
 * what the user shares there.
 *
 * @throws FiscilityError `limit_reached` when the plan has no room for one more account (E5);
 *   `link_unavailable` for any error of Plaid, which is logged (E1); `not_found` for an Item that is not the
 *   user's; `item_gone` when its access has ended; `bank_unsupported` when Plaid no longer supports its bank
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
  // The accounts of the ended Item count towards the plan already.
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
    const linkId = await storeOpenedLink(services, user.id, {
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

/** Creates it without the Plaid user when Plaid rejects that one. The next link_token makes a new one. */
async function withPlaidUser<T>(
  db: Db,
  userId: string,
  plaidUserId: string | null,
  create: (plaidUserId: string | null) => Promise<T>,
): Promise<T> {
  try {
    return await create(plaidUserId);
  } catch (error) {
    if (plaidUserId === null || !isPlaidUserError(error)) throw error;
    await deletePlaidUser(db, { userId, plaidUserId });
    return create(null);
  }
}

/** Why update mode can never open again, which is stored with the Item; null when it may. */
async function hasEnded(
  services: Services,
  item: ItemOfUser,
  failure: PlaidFailure,
  log: Log,
): Promise<"item_gone" | "bank_unsupported" | null> {
  const kind = problemOf(failure);
  if (kind !== "connect_again" && kind !== "unsupported") return null;
  // Plaid may be unavailable. Then `link_unavailable` is correct.
  const status = await checkItem(services, item, log, failure).catch(() => null);
  return status === "revoked" ? itemProblems[kind].reason : null;
}

/** Returns what update mode needs to open. @throws FiscilityError `not_found` */
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
 * Returns the bank of an Item whose access has ended, and the kind of Link to open. The caller may know of
 * the end before we do.
 *
 * @throws FiscilityError `not_found` also for an Item that works; `link_unavailable` when Plaid cannot be
 *   reached
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
