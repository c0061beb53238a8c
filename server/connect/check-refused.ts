import { FiscilityError } from "../contracts/errors.ts";
import type { ReasonDetails } from "../contracts/reason-details.ts";
import { checkItem } from "../items/check-item.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Checks the Item for which a bank was refused as a duplicate. Its access may have ended without a webhook,
 * and at Chase and PNC the new log-in itself may have ended it. Returns the error for the caller with the
 * Item's status. An Item whose access has ended is no duplicate, so the caller may send the same public_token
 * again.
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
  // Plaid may be unavailable. Then its webhook or the next sync updates the Item's status.
  const itemStatus = await checkItem(services, item, log).catch(() => null);
  if (itemStatus === null) return error;
  return new FiscilityError("duplicate_accounts", { details: { ...details, itemStatus } });
}
