import { addActivity, keepRemovalRequestId } from "../../db/account-activity.ts";
import { findItem } from "../../db/items.ts";
import {
  forgetPublicToken,
  markFailed,
  markRemoved,
  markRemoving,
  postpone,
} from "../../db/link-attempts.ts";
import type { ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";
import type { Secret } from "../vault/secret.ts";
import type { Attempt, Progress } from "./connect-account.ts";

/** After the exchange: the bank gave no account that the user does not have. The Item goes again. */
export class NothingNew extends Error {
  static readonly #reason = "nothing_new";
  readonly reason = NothingNew.#reason;
  readonly details: { itemId: string };

  /** `itemId`: the Item that holds the accounts already. */
  constructor(itemId: string) {
    super("the bank gave only accounts that are connected already");
    this.details = { itemId };
  }

  /** The Item that an attempt which ended so answers with; null for one that ended otherwise. */
  static itemIdIn(reason: string | null, details: unknown): string | null {
    return reason === NothingNew.#reason ? (details as { itemId: string }).itemId : null;
  }
}

/** What the person is told; a surprise after the exchange is `connect_failed`, before it `outcome_pending`. */
export function toReason(error: unknown, progress: Progress): FiscilityError {
  if (error instanceof FiscilityError) {
    const known: FiscilityError = error;
    // Once the token is exchanged the Item is given up with it: nothing is left to send again.
    const spent = progress.accessToken !== undefined && reasons[known.reason].retryable;
    if (spent) return new FiscilityError("connect_failed", { plaid: known.plaid });
    return mayHaveExchanged(known, progress)
      ? new FiscilityError("outcome_pending", { plaid: known.plaid })
      : known;
  }
  const reason = progress.accessToken ? "connect_failed" : "outcome_pending";
  return new FiscilityError(reason, { cause: error });
}

/** Whether an exchange, this one or one before it, may have made an Item that nobody knows of. */
function mayHaveExchanged(error: FiscilityError, { accessToken, unclear }: Progress): boolean {
  if (accessToken || error.reason === "exchange_lost") return false;
  return unclear || error.plaid?.mayHaveActed === true;
}

/**
 * After the roll-back: what was exchanged is removed at Plaid, the ending is written down. Returns
 * an answer where there is one after all: the accounts were connected before, or the commit had gone
 * through and only its answer was lost. An ending that is not certain yet is left to the recovery.
 */
export async function giveUp(
  services: Services,
  attempt: Attempt,
  cause: unknown,
  progress: Progress,
  log: Log,
): Promise<ConnectAccountOutput | null> {
  const { db, plaid } = services;
  const { id, userId } = attempt;
  const error = toReason(cause, progress);
  const why = cause instanceof NothingNew ? cause : error;
  let ending: "already_connected" | "refused" | "failed" | "pending" =
    error.reason === "limit_reached" || error.reason === "duplicate_accounts"
      ? "refused"
      : "failed";
  let itemAtPlaid: "none" | "unknown" | "removed" | "to be removed" = "none";
  let answer: ConnectAccountOutput | null = null;
  progress.times.done("rolled back");
  try {
    if (progress.accessToken) {
      itemAtPlaid = "to be removed";
      ending = cause instanceof NothingNew ? "already_connected" : ending;
    } else if (error.reason === "outcome_pending") {
      itemAtPlaid = "unknown";
      ending = "pending";
    }
    if (progress.accessToken && !progress.kept) {
      // The token is nowhere but here: the Item goes at once, while it is known.
      await plaid.removeItem(progress.accessToken);
      itemAtPlaid = "removed";
    }
    const ended = await db.transaction().execute(async (tx) => {
      if (progress.kept) {
        if (!(await markRemoving(tx, userId, id, why))) return false;
      } else if (progress.accessToken || isFinal(error)) {
        if (!(await markFailed(tx, userId, id, why))) return false;
      } else if (ending !== "pending" && progress.sent !== null) {
        await forgetPublicToken(tx, userId, id, progress.sent, timeLimits.publicToken);
      }
      if (ending === "pending") return true;
      await addActivity(tx, {
        user_id: userId,
        attempt_id: id,
        kind: ending,
        institution_id: progress.institution.id,
        institution_name: progress.institution.name,
        account_count: 0,
        reason: ending === "already_connected" ? null : error.reason,
        plaid_request_id: error.plaid?.requestId ?? progress.plaidRequestId,
      });
      return true;
    });
    progress.times.done("gave up");
    if (!ended) {
      answer = await answerWith(services, userId, id, "connected");
      if (answer) return answer;
    }
    const { kept, accessToken } = progress;
    if (kept && accessToken && (await removeAtPlaid(services, attempt, () => accessToken, log))) {
      itemAtPlaid = "removed";
    }
    if (cause instanceof NothingNew) {
      answer = await answerWith(services, userId, cause.details.itemId, "already_connected");
    }
  } finally {
    // What stands after all is told of by whoever answers it.
    if (answer?.outcome !== "connected") {
      log.warn(
        {
          event: "connection",
          outcome: ending,
          reason: ending === "already_connected" ? undefined : error.reason,
          userId,
          attemptId: id,
          institutionId: progress.institution.id,
          itemAtPlaid,
          plaid: error.plaid,
          plaidRequestId: error.plaid?.requestId ?? progress.plaidRequestId,
          cause: error.cause instanceof Error ? error.cause.message : undefined,
          ms: progress.times.ms,
        },
        "Bank not connected",
      );
    }
  }
  return answer;
}

async function answerWith(
  { db }: Services,
  userId: string,
  itemId: string,
  outcome: ConnectAccountOutput["outcome"],
): Promise<ConnectAccountOutput | null> {
  const found = await findItem(db, userId, itemId);
  if (!found) return null;
  const { accounts, ...item } = found;
  return { outcome, item, accounts };
}

/** Whether the token's answer is settled: with more room or a calmer Plaid the others may yet succeed. */
function isFinal({ reason }: FiscilityError): boolean {
  return (
    reason === "public_token_invalid" || reason === "plaid_refused" || reason === "exchange_lost"
  );
}

/**
 * Removes the Item of a `removing` attempt at Plaid. Returns null when that failed, also where its token
 * cannot be opened, and leaves it to the recovery.
 */
export async function removeAtPlaid(
  { db, plaid }: Services,
  { id, userId }: Pick<Attempt, "id" | "userId">,
  open: () => Secret,
  log: Log,
  signal = AbortSignal.timeout(timeLimits.plaidCall),
): Promise<{ requestId: string | null } | null> {
  try {
    const removal = await plaid.removeItem(open(), { signal });
    await keepRemovalRequestId(db, userId, id, removal.requestId);
    await markRemoved(db, userId, id);
    return removal;
  } catch (error) {
    const { plaid: failure } = error instanceof FiscilityError ? error : {};
    const { message: cause } = error as Error;
    log.error(
      { event: "removal_pending", userId, attemptId: id, plaid: failure, cause },
      "Not removed",
    );
    await postpone(db, userId, id).catch(() => {});
    return null;
  }
}
