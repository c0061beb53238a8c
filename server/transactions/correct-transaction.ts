import { correctTransaction } from "../../db/transaction-corrections.ts";
import { findTransaction } from "../../db/transactions.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type {
  CorrectTransactionInput,
  CorrectTransactionOutput,
} from "../contracts/transactions.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Corrects the category or the merchant of one transaction of the user.
 *
 * @throws FiscilityError the reasons of the procedure `transactions.correct`
 */
export async function correct(
  services: Services,
  user: { id: string },
  input: CorrectTransactionInput,
  log: Log,
): Promise<CorrectTransactionOutput> {
  const { db } = services;
  if (!(await correctTransaction(db, user.id, input))) throw new FiscilityError("not_found");
  await invalidateCache(services, { userId: user.id }, log);
  const transaction = await findTransaction(db, user.id, input.transactionId);
  if (!transaction) throw new FiscilityError("not_found");
  return { transaction };
}
