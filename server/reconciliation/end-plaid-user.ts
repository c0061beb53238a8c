import { backOffEnding, plaidUserEnded, requestReconciliation } from "../../db/plaid-users.ts";
import {
  hasUnfinishedAttempt,
  heldItems,
  holdersOf,
  markItemsAssociated,
} from "../../db/unclaimed-items.ts";
import { isUnknownPlaidUser } from "../plaid/plaid-users.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Removes the Plaid user of a deleted account and every Item that is left of it: Items of lost exchanges, and
 * Items that Link created and that were never exchanged. Runs after the other Items were removed with their
 * own tokens. If its list contains an Item that a row holds, nothing is removed.
 *
 * @throws FiscilityError as Plaid's calls
 */
export async function endPlaidUser(
  { db, plaid, clock }: Services,
  plaidUserId: string,
  log: Log,
): Promise<void> {
  const line = { event: "plaid_user", plaidUserId };
  const now = clock.now();
  if (await hasUnfinishedAttempt(db, plaidUserId)) {
    await backOffEnding(db, plaidUserId, now);
    return;
  }
  const list = await plaid.users.listItems(plaidUserId).catch((error: unknown) => {
    if (isUnknownPlaidUser(error)) return null;
    throw error;
  });
  const listed = list?.items.map(({ plaidItemId }) => plaidItemId) ?? [];
  const held = await heldItems(db, listed);
  if (held.size > 0 || list?.isComplete === false) {
    // The reconciliation of their own users associates them with the right Plaid user again.
    for (const { userId, plaidItemId } of await holdersOf(db, [...held])) {
      await markItemsAssociated(db, userId, [plaidItemId], null);
      await requestReconciliation(db, userId, now);
    }
    log.error({ ...line, outcome: "not ended", held: [...held] }, "Plaid user holds live Items");
    await backOffEnding(db, plaidUserId, now);
    return;
  }
  const { requestId: plaidRequestId } = list
    ? await plaid.users.remove(plaidUserId)
    : { requestId: null };
  await plaidUserEnded(db, plaidUserId);
  log.info({ ...line, outcome: "ended", items: listed, plaidRequestId }, "Plaid user ended");
}
