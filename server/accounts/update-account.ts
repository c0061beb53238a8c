import { changeAccount } from "../../db/account-settings.ts";
import { findAccount } from "../../db/items.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { AccountsUpdateInput, AccountsUpdateOutput } from "../contracts/accounts.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Renames one account of the user, or changes whether it counts in totals.
 *
 * @throws FiscilityError the reasons of the procedure `accounts.update`
 */
export async function updateAccount(
  services: Services,
  user: { id: string },
  input: AccountsUpdateInput,
  log: Log,
): Promise<AccountsUpdateOutput> {
  const { db } = services;
  if (!(await changeAccount(db, user.id, input))) throw new FiscilityError("not_found");
  await invalidateCache(services, { userId: user.id }, log);
  const found = await findAccount(db, user.id, input.accountId);
  if (!found) throw new FiscilityError("not_found");
  return { account: found.account };
}
