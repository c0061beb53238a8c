import type { PlanOfUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";

/**
 * Throws `limit_reached` when `wanted` more live accounts beside the `used` ones do not fit the
 * plan. Asked under the user's lock the answer stays true until the transaction commits (I3).
 */
export function requireRoom(
  { plan, maxAccounts: limit }: PlanOfUser,
  used: number,
  wanted: number,
): void {
  if (used + wanted > limit) {
    throw new FiscilityError("limit_reached", { details: { plan, limit, used, wanted } });
  }
}
