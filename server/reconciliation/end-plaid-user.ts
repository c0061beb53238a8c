import { askForReconciliation, backOffEnding, plaidUserEnded } from "../../db/plaid-users.ts";
import { hasUnfinishedAttempt, heldItems, holdersOf, tieItems } from "../../db/unclaimed-items.ts";
import { isUnknownUser } from "../plaid/plaid-users.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Ends the Plaid user of a deleted account, and with it every Item that is left of it: those of lost
 * exchanges, and those that Link made and nobody exchanged. It comes after the Items that are removed
 * by their own tokens. A list that has an Item which is held ends nothing.
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
    if (isUnknownUser(error)) return null;
    throw error;
  });
  const listed = list?.items.map(({ plaidItemId }) => plaidItemId) ?? [];
  const held = await heldItems(db, listed);
  if (held.size > 0 || list?.isComplete === false) {
    // Their own users' rounds tie them to the right Plaid user again.
    for (const { userId, plaidItemId } of await holdersOf(db, [...held])) {
      await tieItems(db, userId, [plaidItemId], null);
      await askForReconciliation(db, userId, now);
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
