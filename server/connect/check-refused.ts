import { FiscilityError } from "../contracts/errors.ts";
import type { ReasonDetails } from "../contracts/reason-details.ts";
import { checkItem } from "../items/check-item.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Checks the Item that a bank was refused for, where another log-in may have broken it: Chase and PNC do
 * that when Link ends, before any exchange. Returns the error for the caller, with the Item's status.
 */
export async function checkRefused(
  services: Services,
  user: { id: string },
  error: unknown,
  log: Log,
): Promise<unknown> {
  if (!(error instanceof FiscilityError) || error.reason !== "duplicate_accounts") return error;
  const details = error.details as ReasonDetails["duplicate_accounts"];
  if (details.mayConnectAnyway) return error;
  const item = { userId: user.id, itemId: details.itemId };
  // Plaid may be away by now: then its webhook or the next sync says how the Item stands.
  const itemStatus = await checkItem(services, item, log).catch(() => null);
  if (itemStatus === null) return error;
  return new FiscilityError("duplicate_accounts", { details: { ...details, itemStatus } });
}
