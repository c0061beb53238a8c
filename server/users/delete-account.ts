import { deleteErasedUsers, eraseUser } from "../../db/deleted-users.ts";
import { deleteItems, listItems } from "../../db/items.ts";
import { disconnectAttempts } from "../../db/link-attempts.ts";
import { requestPlaidUserRemoval } from "../../db/plaid-users.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { lockUser } from "../../db/users.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import { disconnected, transitions } from "../connect/attempt.ts";
import { removeAtPlaid } from "../connect/remove-item.ts";
import type { DeleteAccountInput, DeleteAccountOutput } from "../contracts/account.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { deletePhrase } from "../contracts/phrases.ts";
import { requirePhrase } from "../contracts/require-phrase.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import { removalDelay } from "../reconciliation/decide.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { StepTimes } from "../telemetry/step-times.ts";

/**
 * Deletes a user: every bank as `disconnectItem` does, then all other data, in one transaction. A row without
 * personal data stays until Plaid has removed the last Item. Removals that fail at first are left to the
 * recovery (I1), and the Plaid user to the reconciliation.
 *
 * @throws FiscilityError `confirmation_mismatch`, `unauthenticated` (already deleted), `busy`
 */
export async function deleteAccount(
  services: Services,
  user: { id: string },
  { confirmation }: DeleteAccountInput,
  log: Log,
): Promise<DeleteAccountOutput> {
  requirePhrase(confirmation, deletePhrase);
  const { db, connectDb, connectGate, vault, limits, onStep } = services;
  const userId = user.id;
  const times = new StepTimes(onStep);
  const { items, attempts } = await connectGate.run(userId, () =>
    connectDb.transaction().execute(async (tx) => {
      const { deleted } = await lockUser(tx, userId);
      if (deleted) throw new FiscilityError("unauthenticated");
      const items = await listItems(tx, userId);
      const attempts = await disconnectAttempts(tx, userId, transitions.disconnect, disconnected);
      if (attempts.length < items.length) throw new Error("an Item has no attempt for its token");
      await deleteItems(tx, userId);
      await eraseUser(tx, userId);
      await requestPlaidUserRemoval(tx, userId, services.clock.now(), removalDelay);
      times.done("delete");
      return { items, attempts };
    }),
  );
  times.done("commit");
  await invalidateCache(services, { userId }, log);
  times.done("cache");
  // One time limit for all of them, because the user waits for this.
  const signal = timeLimitSignal(limits.plaidCall);
  await Promise.all(
    attempts.map(async (attempt) => {
      const { id, access_token_sealed: sealed } = attempt;
      const removal = await removeAtPlaid(
        services,
        attempt,
        () => vault.open(sealed, accessTokenOwner(userId, id)),
        log,
        signal,
      );
      const item = items.find((one) => one.id === id);
      log.info(
        {
          event: "connection",
          outcome: "disconnected",
          userId,
          itemId: id,
          institutionId: item?.institution.id,
          accounts: item?.accounts.length,
          itemAtPlaid: removal ? "removed" : "to be removed",
          plaidRequestId: removal?.requestId,
        },
        "Bank disconnected",
      );
    }),
  );
  await deleteErasedUsers(db);
  times.done("removal");
  log.info(
    { event: "account_deleted", userId, banks: items.length, ms: times.ms },
    "Account deleted",
  );
  return { deleted: true, banks: items.length };
}
