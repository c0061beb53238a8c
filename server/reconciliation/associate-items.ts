import { findItemByPlaidId, findItemState } from "../../db/items.ts";
import type { KnownPlaidUser } from "../../db/plaid-users.ts";
import { markItemsAssociated } from "../../db/unclaimed-items.ts";
import { checkItem } from "../items/check-item.ts";
import { isPermanentRejection, maxAssociatedItems } from "../plaid/plaid-users.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Associates live Items with the user's Plaid user, 100 at a time, when the Items are older than it. Returns
 * our ids of Items that Plaid refuses, because they may no longer exist there.
 *
 * @throws FiscilityError when Plaid does not respond
 */
export async function associateItems(
  { db, plaid }: Services,
  { userId, plaidUserId }: KnownPlaidUser,
  plaidItemIds: string[],
  log: Log,
): Promise<string[]> {
  const refused: string[] = [];
  const associate = async (some: string[]): Promise<void> => {
    try {
      await plaid.users.associate(plaidUserId, some);
      await markItemsAssociated(db, userId, some, plaidUserId);
      log.info({ event: "items_associated", userId, items: some.length }, "Items associated");
    } catch (error) {
      if (!isPermanentRejection(error)) throw error;
      // An Item that Plaid does not know fails the whole call.
      if (some.length > 1) for (const each of some) await associate([each]);
      else refused.push(...some);
    }
  };
  for (let from = 0; from < plaidItemIds.length; from += maxAssociatedItems) {
    await associate(plaidItemIds.slice(from, from + maxAssociatedItems));
  }
  const items = await Promise.all(refused.map((id) => findItemByPlaidId(db, id)));
  return items.flatMap((item) => (item?.userId === userId ? [item.itemId] : []));
}

/**
 * Checks live rows that are not in Plaid's list, each with its own token. An Item that has ended is marked as
 * ended; one that works is associated with the user again.
 *
 * @throws FiscilityError when Plaid does not respond
 */
export async function checkUnlistedItems(
  services: Services,
  user: KnownPlaidUser,
  itemIds: string[],
  log: Log,
): Promise<void> {
  const { userId } = user;
  for (const itemId of itemIds) {
    const status = await checkItem(services, { userId, itemId }, log);
    log.warn({ event: "unlisted_item", userId, itemId, status }, "Plaid does not list an Item");
    if (status === null || status === "revoked") continue;
    const state = await findItemState(services.db, userId, itemId);
    if (state) await associateItems(services, user, [state.plaidItemId], log);
  }
}
