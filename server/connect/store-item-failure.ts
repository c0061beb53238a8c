import type { ItemOfUser } from "../../db/items.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { checkItem } from "../items/check-item.ts";
import { isRefusedToken, problemOf } from "../plaid/item-error.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/** Stores the problem that the failure reveals with the Item. Returns the error for the caller. */
export async function storeItemFailure(
  services: Services,
  item: ItemOfUser,
  error: unknown,
  log: Log,
): Promise<unknown> {
  const plaidFailure = error instanceof FiscilityError ? error.plaid : undefined;
  if (!plaidFailure || problemOf(plaidFailure) === null) return error;
  const status = await checkItem(services, item, log, plaidFailure);
  if (!isRefusedToken(plaidFailure)) return error;
  return new FiscilityError(status === "revoked" ? "item_gone" : "bank_unavailable", {
    plaid: plaidFailure,
  });
}
