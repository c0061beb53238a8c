import { addActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { isItemLive } from "../../db/items.ts";
import { findAttempt, moveAttempt } from "../../db/link-attempts.ts";
import { findPlaidUser, requestReconciliation } from "../../db/plaid-users.ts";
import type { ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import { type Ending, endingOf, storedReason, transitions } from "./attempt.ts";
import { AttemptEnded, connectedOutput, storedResult } from "./attempt-result.ts";
import { finishUpdateMode } from "./finish-update-mode.ts";
import { removeAtPlaid } from "./remove-item.ts";
import { attemptKeyOf, type Run } from "./run.ts";

/** An ending that was written, by this run or by another one first. */
export interface Ended {
  ending: Ending;
  /** The Item must be removed at Plaid, with the access token that the attempt stores. */
  removes: boolean;
  /** What the caller gets when the attempt ended differently from `ending`. */
  other?: ConnectAccountOutput | FiscilityError;
}

/**
 * Decides how a run ends when its work threw `error`. An Item whose access token is stored nowhere is removed
 * at Plaid first, while the token is in memory.
 *
 * @throws FiscilityError when that removal failed
 */
export async function decideEnding(services: Services, run: Run, error: unknown): Promise<Ending> {
  const ending = endingOf(run.stage, error, run.by);
  run.times.done("ending");
  if (ending.transition === "remove from memory") await removeFromMemory(services, run);
  if (ending.error.reason !== "exchange_lost") return ending;
  const { db, plaid } = services;
  const { plaidUserId } = await findPlaidUser(db, run.userId, plaid.client);
  const details = { cleanUp: plaidUserId !== null };
  const lost = new FiscilityError("exchange_lost", { plaid: ending.error.plaid, details });
  return { ...ending, error: lost };
}

/**
 * Writes an ending with its activity entry (I8), in the transaction that holds the lock, or in a new one when
 * that is lost.
 */
export async function writeEnding(
  { limits, clock }: Services,
  run: Run,
  ending: Ending,
  tx: Db,
): Promise<Ended> {
  const { transition } = ending;
  if (transition === null) return { ending, removes: false };
  const name = transition === "remove from memory" ? "fail" : transition;
  const moved = await moveAttempt(tx, attemptKeyOf(run), transitions[name], {
    runId: run.id,
    why: storedReason(ending),
    // An open attempt fails once its public_token has expired; every other ending is due at once.
    retryInMs: name === "open" ? limits.publicToken : 0,
  });
  if (name === "unmark") return { ending, removes: false };
  if (moved === null) {
    const other = await otherEnding(tx, run, ending);
    if (other) return { ending, ...other };
  }
  await addActivity(tx, {
    id: run.id,
    user_id: run.userId,
    attempt_id: run.attemptId,
    kind: kindOf(ending),
    institution_id: run.institution.id,
    institution_name: run.institution.name,
    account_count: 0,
    reason: ending.heldBy === undefined ? ending.error.reason : null,
    plaid_request_id: ending.error.plaid?.requestId ?? run.plaidRequestId,
  });
  if (ending.error.reason === "exchange_lost") {
    await requestReconciliation(tx, run.userId, clock.now());
  }
  return { ending, removes: moved === "removing" };
}

/**
 * The transition's guard matched no row: another run, or a commit whose response was lost, changed the
 * attempt first. Returns null when the attempt has not ended and this run's own error is right.
 */
async function otherEnding(
  db: Db,
  run: Run,
  ending: Ending,
): Promise<Pick<Ended, "removes" | "other"> | null> {
  const attempt = await findAttempt(db, run.userId, run.attemptId);
  if (!attempt) return { removes: false, other: ending.error };
  // This run's exchange returned late, after another run had failed the attempt.
  const removes = attempt.status === "removing" && run.stage.at === "saved";
  try {
    const stored = await storedResult(db, attempt);
    if (stored) {
      const isOurs = run.stage.at === "committing" && attempt.status === "connected";
      return { removes, other: isOurs ? { ...stored, outcome: "connected" } : stored };
    }
  } catch (error) {
    if (error instanceof AttemptEnded) return { removes, other: error.error };
    throw error;
  }
  if (run.stage.at === "waiting") return null;
  return { removes, other: new FiscilityError("outcome_pending", { cause: ending.error }) };
}

/** Removes the Item unless a live row holds it. */
async function removeFromMemory({ db, plaid, limits }: Services, run: Run): Promise<void> {
  const { accessToken, plaidItemId } = run;
  if (!accessToken || !plaidItemId) return;
  const isLive = await isItemLive(db, plaidItemId).catch(() => false);
  const signal = timeLimitSignal(limits.plaidCall);
  if (!isLive) await plaid.removeItem(accessToken, "OTHER", { signal });
  delete run.accessToken;
}

/** Removes the Item if it must be, writes the log line, and returns or throws the result. */
export async function finishEnding(
  services: Services,
  run: Run,
  { ending, removes, other }: Ended,
): Promise<ConnectAccountOutput> {
  const { userId, times, log, accessToken, plaidItemId } = run;
  const { error, heldBy, transition } = ending;
  times.done("ended");
  let itemAtPlaid = itemAtPlaidAfter(ending);
  if (removes && accessToken) {
    const attempt = {
      id: run.attemptId,
      user_id: userId,
      plaid_item_id: plaidItemId ?? null,
      plaid_client: run.plaidClient ?? null,
      reason: error.reason,
      reason_details: null,
    };
    if (await removeAtPlaid(services, attempt, () => accessToken, log)) itemAtPlaid = "removed";
  }
  // The run that wrote the ending logs it. The recovery logs what it leaves unfinished itself.
  const isLeft = run.by === "recovery" && (transition === null || transition === "unmark");
  if (!other && !isLeft) {
    log.warn(
      {
        event: "connection",
        outcome: transition === null ? "pending" : kindOf(ending),
        reason: heldBy === undefined ? error.reason : undefined,
        userId,
        attemptId: run.attemptId,
        institutionId: run.institution.id,
        itemAtPlaid,
        plaid: error.plaid,
        plaidItemId,
        plaidRequestId: error.plaid?.requestId ?? run.plaidRequestId,
        linkSessionId: run.input?.metadata?.linkSessionId,
        cause: error.cause instanceof Error ? error.cause.message : undefined,
        ms: times.ms,
      },
      "Bank not connected",
    );
  }
  if (other instanceof FiscilityError) throw other;
  if (other) return other;
  if (heldBy === undefined) throw error;
  if (transition === "settle") await finishUpdate(services, run, heldBy);
  const result = await connectedOutput(services.db, userId, heldBy, "already_connected");
  if (!result) throw new FiscilityError("public_token_invalid");
  return result;
}

/** The public_token came from update mode, so the changes that the user made there are applied. */
async function finishUpdate(services: Services, run: Run, itemId: string): Promise<void> {
  const { userId, input, log } = run;
  const linkSessionId = input?.metadata?.linkSessionId;
  await finishUpdateMode(services, { id: userId }, { itemId, linkSessionId }, log).catch(
    (error: unknown) => {
      // The Item is unchanged, and its status shows what it needs.
      if (!(error instanceof FiscilityError)) throw error;
      log.warn(
        { event: "update_mode", userId, itemId, reason: error.reason },
        "Update not finished",
      );
    },
  );
}

function kindOf({ error, heldBy }: Ending): "already_connected" | "refused" | "failed" {
  if (heldBy !== undefined) return "already_connected";
  const isRefused = error.reason === "limit_reached" || error.reason === "duplicate_accounts";
  return isRefused ? "refused" : "failed";
}

function itemAtPlaidAfter({ transition, error }: Ending) {
  if (transition === "remove") return "to be removed";
  if (transition === "remove from memory") return "removed";
  if (transition === "settle") return "kept";
  return transition === null && error.reason === "outcome_pending" ? "unknown" : "none";
}
