import { FiscilityError } from "../contracts/errors.ts";
import type { ReasonDetails } from "../contracts/reason-details.ts";
import { checkItem } from "../items/check-item.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Checks the Item that a bank was refused for: its access may have ended without our having heard of it, and at
 * Chase and PNC the new log-in itself may have broken it when Link ended. Returns the error for the caller, with
 * the Item's status. One that has ended is no duplicate any more: the same public_token is accepted then.
 */
export async function checkRefused(
  services: Services,
  user: { id: string },
  error: unknown,
  log: Log,
): Promise<unknown> {
  if (!(error instanceof FiscilityError) || error.reason !== "duplicate_accounts") return error;
  const details = error.details as ReasonDetails["duplicate_accounts"];
  const item = { userId: user.id, itemId: details.itemId };
  // Plaid may be away by now: then its webhook or the next sync says how the Item stands.
  const itemStatus = await checkItem(services, item, log).catch(() => null);
  if (itemStatus === null) return error;
  return new FiscilityError("duplicate_accounts", { details: { ...details, itemStatus } });
}
