import { createHash } from "node:crypto";
import { addActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { findItem, insertItem } from "../../db/items.ts";
import {
  keepExchange,
  markConnected,
  markFailed,
  markRemoved,
  markRemoving,
  readAttempt,
  startAttempt,
} from "../../db/link-attempts.ts";
import { lockUser, raiseDataVersion } from "../../db/users.ts";
import type { ConnectAccountInput, ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";
import type { Secret } from "../vault/secret.ts";
import { requireRoom } from "./account-limit.ts";
import { StepTimes } from "./step-times.ts";

/** What a run has learned so far: for the endings, which may come from any step. */
interface Progress {
  times: StepTimes;
  accessToken: Secret | undefined;
  institution: { id: string | null; name: string | null };
  plaidRequestId: string | undefined;
}

/**
 * Exchanges a public_token and keeps the Item with its accounts: the spec's diagram, top to bottom.
 *
 * The attempt is committed first, on its own. Then one transaction: lock the user, check the limit,
 * exchange, read the accounts, check the limit against what the bank really gave, insert. After the
 * commit the user's cache is cleared. Whatever fails after the exchange, the Item is removed at
 * Plaid and nothing is kept here (I1, I4).
 *
 * The public_token is the idempotency key (I2): sent again, it gets the first answer, or the first
 * error where that was final. Errors: `limit_reached`, `public_token_invalid`,
 * `bank_login_required`, `bank_unavailable`, `plaid_unavailable`, `plaid_refused`, `busy`,
 * `outcome_pending`, `connect_failed`.
 */
export async function connectAccount(
  services: Services,
  user: { id: string },
  input: ConnectAccountInput,
  log: Log,
): Promise<ConnectAccountOutput> {
  const deadline = AbortSignal.timeout(timeLimits.connectDeadline);
  const progress: Progress = {
    times: new StepTimes(),
    accessToken: undefined,
    institution: {
      id: input.metadata?.institution?.institutionId ?? null,
      name: input.metadata?.institution?.name ?? null,
    },
    plaidRequestId: undefined,
  };
  const hash = createHash("sha256").update(input.publicToken).digest();
  const attemptId = await startAttempt(services.db, user.id, hash);
  if (attemptId === null) throw new FiscilityError("public_token_invalid");

  let output: ConnectAccountOutput;
  try {
    output = await services.connectGate.run(user.id, () =>
      services.connectDb
        .transaction()
        .execute((tx) =>
          connectInside(services, tx, user.id, attemptId, input, progress, deadline),
        ),
    );
  } catch (error) {
    if (error instanceof FirstAnswer) throw error.error;
    const connected = await giveUp(services, user.id, attemptId, error, progress, log);
    if (!connected) throw toReason(error, progress);
    output = connected;
  }
  progress.times.done("commit");
  if (output.outcome === "connected") await afterCommit(services, user.id, output, progress, log);
  return output;
}

/** The transaction. Throws to roll back; `FirstAnswer` when the token already got a final error. */
async function connectInside(
  services: Services,
  tx: Db,
  userId: string,
  attemptId: string,
  input: ConnectAccountInput,
  progress: Progress,
  deadline: AbortSignal,
): Promise<ConnectAccountOutput> {
  const { db, plaid, vault } = services;
  const { times } = progress;
  const plan = await lockUser(tx, userId);
  const attempt = await readAttempt(tx, userId, attemptId);
  times.done("lock");
  if (attempt.status === "connected") {
    const earlier = await firstAnswer(tx, userId, attemptId);
    if (!earlier) throw new FirstAnswer(new FiscilityError("public_token_invalid"));
    return earlier;
  }
  if (attempt.status === "failed" || attempt.status === "removing") {
    throw new FirstAnswer(storedError(attempt.reason, attempt.reason_details));
  }
  if (deadline.aborted) throw new FiscilityError("busy");

  // An attempt that is already `exchanged` under the lock was left by a process that died: go on.
  if (attempt.access_token_sealed === null) {
    await requireRoom(tx, userId, plan, Math.max(1, input.metadata?.accounts?.length ?? 1));
    const exchange = await plaid.exchangePublicToken(input.publicToken, { signal: deadline });
    progress.accessToken = exchange.accessToken;
    progress.plaidRequestId = exchange.requestId;
    attempt.access_token_sealed = vault.seal(exchange.accessToken, attemptId);
    attempt.plaid_item_id = exchange.plaidItemId;
    // Through the other pool: this must stand even when the transaction does not.
    await keepExchange(db, userId, attemptId, {
      accessTokenSealed: attempt.access_token_sealed,
      plaidItemId: exchange.plaidItemId,
    });
    times.done("exchange");
  } else {
    progress.accessToken = vault.open(attempt.access_token_sealed, attemptId);
  }
  const { access_token_sealed: sealed, plaid_item_id: plaidItemId } = attempt;
  if (sealed === null || plaidItemId === null) throw new Error("an exchanged attempt has no token");

  const found = await plaid.getAccounts(progress.accessToken, { signal: deadline });
  progress.institution = found.institution;
  progress.plaidRequestId ??= found.requestId;
  times.done("accounts");

  await requireRoom(tx, userId, plan, found.accounts.length);
  await insertItem(
    tx,
    {
      id: attemptId,
      user_id: userId,
      plaid_item_id: plaidItemId,
      institution_id: found.institution.id,
      institution_name: found.institution.name,
      access_token_sealed: sealed,
    },
    found.accounts.map((account, position) => ({
      item_id: attemptId,
      user_id: userId,
      plaid_account_id: account.accountId,
      persistent_account_id: account.persistentAccountId,
      position,
      name: account.name,
      official_name: account.officialName,
      mask: account.mask,
      type: account.type,
      subtype: account.subtype,
      current_balance: account.balances.current,
      available_balance: account.balances.available,
      balance_limit: account.balances.limit,
      currency: account.balances.currency,
    })),
  );
  await addActivity(tx, {
    user_id: userId,
    attempt_id: attemptId,
    kind: "connected",
    institution_id: found.institution.id,
    institution_name: found.institution.name,
    account_count: found.accounts.length,
    plaid_request_id: progress.plaidRequestId,
  });
  await raiseDataVersion(tx, userId);
  await markConnected(tx, userId, attemptId);
  const output = await firstAnswer(tx, userId, attemptId);
  if (!output) throw new Error("the inserted Item is not there");
  times.done("insert");
  return { ...output, outcome: "connected" };
}

/** The public_token was answered before: the same error again, with nothing new to account for. */
class FirstAnswer extends Error {
  readonly error: FiscilityError;

  constructor(error: FiscilityError) {
    super(error.message);
    this.error = error;
  }
}

function storedError(reason: string | null, details: unknown): FiscilityError {
  const known = reason !== null && reason in reasons ? (reason as Reason) : "connect_failed";
  return new FiscilityError<Reason>(known, { details: (details ?? undefined) as never });
}

/** The Item an attempt made, as an answer; null when it has been disconnected since. */
async function firstAnswer(
  db: Db,
  userId: string,
  attemptId: string,
): Promise<ConnectAccountOutput | null> {
  const found = await findItem(db, userId, attemptId);
  if (!found) return null;
  const { accounts, ...item } = found;
  return { outcome: "already_connected", item, accounts };
}

/** The commit stands; what comes now can fail without harm, but not in silence. */
async function afterCommit(
  { cache }: Services,
  userId: string,
  output: ConnectAccountOutput,
  progress: Progress,
  log: Log,
): Promise<void> {
  let cacheCleared = true;
  try {
    await cache.clear(userId);
  } catch (error) {
    cacheCleared = false;
    log.warn({ event: "cache_not_cleared", userId, error: (error as Error).message }, "Cache");
  }
  progress.times.done("cache");
  log.info(
    {
      event: "connection",
      outcome: "connected",
      userId,
      itemId: output.item.id,
      institutionId: output.item.institution.id,
      accounts: output.accounts.length,
      plaidRequestId: progress.plaidRequestId,
      cacheCleared,
      ms: progress.times.ms,
    },
    "Bank connected",
  );
}

/** What the person is told; a surprise after the exchange is `connect_failed`, before it `internal`. */
function toReason(error: unknown, progress: Progress): FiscilityError {
  if (error instanceof FiscilityError) {
    const known: FiscilityError = error;
    // Once the token is exchanged the Item is given up with it: nothing is left to send again.
    const spent = progress.accessToken !== undefined && reasons[known.reason].retryable;
    return spent ? new FiscilityError("connect_failed", { plaid: known.plaid }) : known;
  }
  return new FiscilityError(progress.accessToken ? "connect_failed" : "internal", { cause: error });
}

/**
 * After the roll-back: what was exchanged is removed at Plaid, the ending is written down. Returns
 * the connection after all where the commit had gone through and only its answer was lost.
 */
async function giveUp(
  services: Services,
  userId: string,
  attemptId: string,
  cause: unknown,
  progress: Progress,
  log: Log,
): Promise<ConnectAccountOutput | null> {
  const { db } = services;
  const error = toReason(cause, progress);
  const why = { reason: error.reason, details: error.details };
  let itemAtPlaid: "none" | "removed" | "to be removed" = "none";
  try {
    if (progress.accessToken) {
      if (!(await markRemoving(db, userId, attemptId, why))) {
        const connected = await firstAnswer(db, userId, attemptId);
        if (connected) return { ...connected, outcome: "connected" };
      }
      itemAtPlaid = (await removeAtPlaid(services, userId, attemptId, progress.accessToken, log))
        ? "removed"
        : "to be removed";
    } else if (isFinal(error)) {
      await markFailed(db, userId, attemptId, why);
    }
    await addActivity(db, {
      user_id: userId,
      attempt_id: attemptId,
      kind: error.reason === "limit_reached" ? "refused" : "failed",
      institution_id: progress.institution.id,
      institution_name: progress.institution.name,
      account_count: 0,
      reason: error.reason,
      plaid_request_id: error.plaid?.requestId ?? progress.plaidRequestId,
    });
  } finally {
    log.warn(
      {
        event: "connection",
        outcome: error.reason === "limit_reached" ? "refused" : "failed",
        reason: error.reason,
        userId,
        attemptId,
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
  return null;
}

/** Whether the token's answer is settled: with more room or a calmer Plaid the others may yet succeed. */
function isFinal(error: FiscilityError): boolean {
  return error.reason === "public_token_invalid" || error.reason === "plaid_refused";
}

/** Tries once now; an Item that could not be removed stays `removing`, with its sealed token. */
async function removeAtPlaid(
  { db, plaid }: Services,
  userId: string,
  attemptId: string,
  accessToken: Secret,
  log: Log,
): Promise<boolean> {
  try {
    await plaid.removeItem(accessToken);
    await markRemoved(db, userId, attemptId);
    return true;
  } catch (error) {
    const plaidFailure = error instanceof FiscilityError ? error.plaid : undefined;
    log.error({ event: "removal_pending", userId, attemptId, plaid: plaidFailure }, "Not removed");
    return false;
  }
}
