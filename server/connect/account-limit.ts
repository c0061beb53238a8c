import type { PlanOfUser } from "../../db/users.ts";
import { FiscilityError } from "../contracts/errors.ts";

/**
 * `limit_reached` when `wanted` more live accounts beside the `used` ones do not fit the plan, else
 * null. Asked under the user's lock the answer stays true until the transaction commits (I3).
 */
export function whyNoRoom(
  { plan, maxAccounts: limit }: PlanOfUser,
  used: number,
  wanted: number,
): FiscilityError | null {
  if (used + wanted <= limit) return null;
  return new FiscilityError("limit_reached", { details: { plan, limit, used, wanted } });
}

/** Throws what `whyNoRoom` says. */
export function requireRoom(plan: PlanOfUser, used: number, wanted: number): void {
  const refusal = whyNoRoom(plan, used, wanted);
  if (refusal) throw refusal;
}
