import type { PlanOfUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";

/**
 * Returns `limit_reached` when `wanted` more accounts do not fit in the plan beside the `used` live ones,
 * else null. Checked under the user's lock, the result holds until the transaction commits (I3).
 */
export function whyNoRoom(
  { plan, maxAccounts: limit }: PlanOfUser,
  used: number,
  wanted: number,
): FiscilityError | null {
  if (used + wanted <= limit) return null;
  return new FiscilityError("limit_reached", { details: { plan, limit, used, wanted } });
}

/** Throws what `whyNoRoom` returns. */
export function requireRoom(plan: PlanOfUser, used: number, wanted: number): void {
  const refusal = whyNoRoom(plan, used, wanted);
  if (refusal) throw refusal;
}
