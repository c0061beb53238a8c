import { randomUUID } from "node:crypto";
import pRetry from "p-retry";
import { isConnectionLost } from "../../db/client.ts";
import { type ConnectingAttempt, moveAttempt, recordAttempt } from "../../db/link-attempts.ts";
import { accessTokenOwner, publicTokenOwner } from "../../db/sealed.ts";
import type { ConnectAccountInput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { StepTimes } from "../telemetry/step-times.ts";
import { Secret } from "../vault/secret.ts";
import { type Stage, transitions } from "./attempt.ts";
import { type Choice, choiceOf } from "./chosen-accounts.ts";
import { hashOfToken } from "./opened-link.ts";

/** An attempt that the recovery continues with the stored public_token. */
export interface StoredAttempt {
  attemptId: string;
}

/** A finished Link that we found at Plaid because `onSuccess` never reached us. */
export interface FoundSuccess extends ConnectAccountInput {
  isFound: true;
  /** Our id of the Link. */
  foundLinkId: string;
}

/** One request of `connectAccount`, or one pass of the recovery, and its state so far. */
export interface Run {
  /** Marks the attempt while this run sends its exchange. Also the id of the activity entry of its ending. */
  readonly id: string;
  readonly userId: string;
  /** Undefined for the recovery. */
  readonly input: ConnectAccountInput | FoundSuccess | undefined;
  readonly by: "request" | "recovery";
  /** The accounts that the request chooses; null for the recovery, which uses the attempt's. */
  readonly choice: Choice;
  /** The attempt of this run. For a request it is final only once the attempt is recorded. */
  attemptId: string;
  /** Plaid must not be called after this is aborted. */
  readonly deadline: AbortSignal;
  /** Milliseconds, from `performance.now()`. */
  readonly startedAt: number;
  readonly times: StepTimes;
  readonly log: Log;
  /** How far the run has come. */
  stage: Stage;
  accessToken?: Secret;
  accessTokenSealed?: string;
  plaidItemId?: string;
  /** The `PlaidAdapter.client` that made the access token; null when not known. */
  plaidClient?: string | null;
  plaidRequestId?: string | undefined;
  institution: { id: string | null; name: string | null };
}

/** Starts a run and its clock. */
export function startRun(
  { limits, onStep }: Services,
  userId: string,
  request: ConnectAccountInput | FoundSuccess | StoredAttempt,
  log: Log,
): Run {
  const input = "attemptId" in request ? undefined : request;
  const { institution } = input?.metadata ?? {};
  return {
    id: randomUUID(),
    userId,
    input,
    by: input ? "request" : "recovery",
    choice: input ? choiceOf(input) : null,
    attemptId: "attemptId" in request ? request.attemptId : randomUUID(),
    deadline: timeLimitSignal(limits.connectDeadline),
    startedAt: performance.now(),
    times: new StepTimes(onStep),
    log,
    stage: { at: "waiting" },
    institution: { id: institution?.institutionId ?? null, name: institution?.name ?? null },
  };
}

/**
 * Records the attempt of a request, or finds the attempt that has its public_token.
 *
 * @throws FiscilityError `public_token_invalid` when another user sent the public_token before, `unavailable`
 *   when the connection to PostgreSQL was lost
 */
export async function record(services: Services, run: Run): Promise<void> {
  if (!run.input) return;
  const { publicToken, connectAnyway = false } = run.input;
  const id = await recordAttempt(services.db, run.userId, {
    id: run.attemptId,
    publicTokenHash: hashOfToken(publicToken),
    publicTokenSealed: sealPublicToken(services, run),
    connectAnyway,
    linkSessionId: run.input.metadata?.linkSessionId ?? null,
    linkTokenHash: hashOfLink(run.input),
    foundLinkId: "isFound" in run.input ? run.input.foundLinkId : null,
    chosenAccounts: run.choice,
    retryInMs: services.limits.attemptAbandoned,
  }).catch((cause: unknown) => {
    // Whether the row was inserted does not matter: a retry with the same public_token finds it.
    throw isConnectionLost(cause) ? new FiscilityError("unavailable", { cause }) : cause;
  });
  if (id === null) throw new FiscilityError("public_token_invalid");
  run.attemptId = id;
}

/**
 * The hash of the Link that this request closes. None when we found its result ourselves: `finish-link.ts`
 * closes it.
 */
function hashOfLink(input: ConnectAccountInput | FoundSuccess): Buffer | null {
  if ("isFound" in input) return Buffer.alloc(0);
  return input.linkToken === undefined ? null : hashOfToken(input.linkToken);
}

/**
 * @throws FiscilityError `busy` when the wait for the lock left too little time to call Plaid before the
 *   deadline
 */
export function requireTimeLeft({ limits }: Services, { startedAt }: Run): void {
  if (performance.now() - startedAt <= limits.connectWait) return;
  throw new FiscilityError("busy", { details: { retryAfterSeconds: 5 } });
}

/**
 * Marks the attempt with this run, on the second connection: the mark must be stored before the exchange is
 * sent, even if the transaction is rolled back.
 *
 * @returns the public_token to send
 * @throws FiscilityError `outcome_pending` when another run changed the attempt although this one expects to
 *   hold the lock
 */
export async function markSending(
  services: Services,
  run: Run,
  attempt: ConnectingAttempt,
): Promise<string> {
  const { db, vault, limits } = services;
  const { public_token_sealed: sealed, connect_anyway: connectAnyway } = attempt;
  if (!run.input && sealed === null) throw new FiscilityError("public_token_invalid");
  const marked = await moveAttempt(db, attemptKeyOf(run), transitions.mark, {
    runId: run.id,
    readRunId: attempt.run_id,
    // The attempt's id may differ from the one that this request encrypted its copy for.
    publicTokenSealed: sealed ?? sealPublicToken(services, run),
    connectAnyway: run.input?.connectAnyway ?? connectAnyway,
    chosenAccounts: run.choice ?? attempt.chosen_accounts,
    retryInMs: limits.attemptAbandoned,
  });
  if (marked === null) throw new FiscilityError("outcome_pending");
  run.times.done("mark");
  return (
    run.input?.publicToken ??
    vault.open(sealed as string, publicTokenOwner(run.userId, run.attemptId)).reveal()
  );
}

/** The exchange succeeded. From here on only this process has the access token. */
export function holdAccessToken(
  { plaid, vault }: Services,
  run: Run,
  exchange: { accessToken: Secret; plaidItemId: string; requestId: string },
): void {
  run.accessToken = exchange.accessToken;
  run.plaidItemId = exchange.plaidItemId;
  run.plaidClient = plaid.client;
  run.plaidRequestId = exchange.requestId;
  run.stage = { at: "held" };
  const owner = accessTokenOwner(run.userId, run.attemptId);
  run.accessTokenSealed = vault.seal(exchange.accessToken, owner);
  run.times.done("exchange");
}

/** Continues an attempt that another run exchanged but did not end. */
export function openAccessToken(
  { vault }: Services,
  run: Run,
  {
    access_token_sealed: sealed,
    plaid_item_id: plaidItemId,
    plaid_client: plaidClient,
  }: ConnectingAttempt,
): void {
  if (sealed === null || plaidItemId === null) throw new Error("an exchanged attempt has no token");
  run.accessToken = vault.open(sealed, accessTokenOwner(run.userId, run.attemptId));
  run.accessTokenSealed = sealed;
  run.plaidItemId = plaidItemId;
  run.plaidClient = plaidClient;
  run.stage = { at: "saved" };
}

/**
 * Saves the access token while `work` reads the accounts with it. Waits for both before it returns or throws:
 * how an error of `work` ends the attempt depends on whether the token is stored.
 */
export async function whileSavingToken<Result>(
  services: Services,
  run: Run,
  work: (accessToken: Secret) => Promise<Result>,
): Promise<Result> {
  if (!run.accessToken) throw new Error("there is no access token to save");
  const saving = run.stage.at === "held" ? saveAccessToken(services, run) : undefined;
  const [saved, worked] = await Promise.allSettled([saving, work(run.accessToken)]);
  if (saved.status === "rejected") throw saved.reason;
  run.stage = { at: "saved" };
  if (worked.status === "rejected") throw worked.reason;
  run.times.done("accounts");
  return worked.value;
}

/**
 * Stores the access token on the second connection, whatever the attempt's state and whatever happens to the
 * transaction. Retries while the database restarts.
 */
async function saveAccessToken(services: Services, run: Run): Promise<void> {
  const { accessTokenSealed, plaidItemId, plaidClient } = run;
  if (!accessTokenSealed || !plaidItemId || !plaidClient)
    throw new Error("there is no access token to save");
  const saved = await pRetry(
    () =>
      moveAttempt(services.db, attemptKeyOf(run), transitions.save, {
        accessTokenSealed,
        plaidItemId,
        plaidClient,
      }),
    { retries: 5, minTimeout: 100 },
  );
  if (saved === null) throw new Error("the attempt is gone, or stores an access token already");
  run.times.done("save");
}

/** Returns the key of a run's attempt. */
export const attemptKeyOf = ({ userId, attemptId }: Run) => ({ userId, id: attemptId });

function sealPublicToken({ vault }: Services, { input, userId, attemptId }: Run): string {
  if (!input) throw new Error("only a request has a public_token to store");
  return vault.seal(new Secret(input.publicToken), publicTokenOwner(userId, attemptId));
}
