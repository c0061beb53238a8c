import type { Db } from "../../db/client.ts";
import { countAccounts } from "../../db/items.ts";
import type { PlanOfUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";

/**
 * Throws `limit_reached` when `wanted` more live accounts do not fit the plan. Inside a transaction
 * that holds the user's lock the answer stays true until it commits (I3).
 */
export async function requireRoom(
  db: Db,
  userId: string,
  { plan, maxAccounts: limit }: PlanOfUser,
  wanted: number,
): Promise<void> {
  const used = await countAccounts(db, userId);
  if (used + wanted > limit) {
    throw new FiscilityError("limit_reached", { details: { plan, limit, used, wanted } });
  }
}
