import { deleteErasedUsers } from "../../db/deleted-users.ts";
import { dueAttempts, moveAttempt, postpone } from "../../db/link-attempts.ts";
import type { LinkAttemptRow } from "../../db/schema.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { stateOf, transitions } from "./attempt.ts";
import { connectAccount } from "./connect-account.ts";
import { removeAtPlaid } from "./remove-item.ts";

/** Attempts recovered in parallel. A pass ends when none is due. */
const atOnce = 4;

/**
 * Ends every attempt that no process works on any more, as a connected Item or as one removed at Plaid (I1).
 * An attempt that cannot be ended now is retried with backoff; a removal until Plaid confirms it. A deleted
 * user's row is deleted with their last attempt. Returns how many attempts it processed. Begins no more once
 * `signal` is aborted.
 */
export async function recoverAttempts(
  services: Services,
  log: Log,
  signal?: AbortSignal,
): Promise<number> {
  const taken = new Set<string>();
  while (!signal?.aborted) {
    const due = (await dueAttempts(services.db, atOnce + taken.size))
      .filter(({ id }) => !taken.has(id))
      .slice(0, atOnce);
    if (due.length === 0) break;
    for (const { id } of due) taken.add(id);
    await Promise.all(due.map((attempt) => recover(services, attempt, log)));
  }
  for (const userId of await deleteErasedUsers(services.db)) {
    log.info({ event: "account_forgotten", userId }, "Nothing is left of a deleted account");
  }
  return taken.size;
}

async function recover(services: Services, attempt: LinkAttemptRow, log: Log): Promise<void> {
  const { db, vault } = services;
  const { id, user_id: userId, access_token_sealed: sealed } = attempt;
  const state = stateOf(attempt);
  const line = { event: "attempt_recovered", userId, attemptId: id, was: state };
  try {
    if (state === "removing" && sealed !== null) {
      const removal = await removeAtPlaid(
        services,
        attempt,
        () => vault.open(sealed, accessTokenOwner(userId, id)),
        log,
      );
      if (removal) {
        const { requestId: plaidRequestId } = removal;
        log.info({ ...line, now: "removed", plaidRequestId }, "Attempt recovered");
      }
      return;
    }
    if (state === "open") {
      // Its failure was returned and logged when it happened. Now the public_token has expired as well.
      const why = { reason: "public_token_invalid", details: undefined };
      await moveAttempt(db, { userId, id }, transitions.fail, { why });
      return;
    }
    const { outcome } = await connectAccount(services, { id: userId }, { attemptId: id }, log);
    log.info({ ...line, now: outcome }, "Attempt recovered");
  } catch (error) {
    const reason = error instanceof FiscilityError ? error.reason : "internal";
    const { message: cause } = error as Error;
    log.warn({ ...line, now: reason, cause }, "Attempt not connected by the recovery");
    await postpone(db, userId, id).catch(() => {});
  }
}
