import { createHash, randomUUID } from "node:crypto";
import pRetry from "p-retry";
import type { Db } from "../../db/client.ts";
import { findItem, type NewConnection, prepareConnection } from "../../db/items.ts";
import {
  disconnected,
  keepExchange,
  keepPublicToken,
  readConnectState,
  startAttempt,
  type TakenUp,
} from "../../db/link-attempts.ts";
import type { LinkAttemptRow } from "../../db/schema.ts";
import { accessTokenOwner, publicTokenOwner } from "../../db/sealed.ts";
import { lockUser } from "../../db/users.ts";
import type { ConnectAccountInput, ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError, type Reason, reasons } from "../contracts/errors.ts";
import type { PlaidAccount } from "../plaid/plaid-door.ts";
import type { Services } from "../services.ts";
import { StepTimes } from "../step-times.ts";
import { clearCache } from "../sync/clear-cache.ts";
import type { Log } from "../telemetry/log.ts";
import { timeLimits } from "../time-limits.ts";
import { Secret } from "../vault/secret.ts";
import { requireRoom } from "./account-limit.ts";
import { toAccountRows } from "./account-rows.ts";
import { findDuplicates, type KnownAccount, secondItemInvalidatesFirst } from "./duplicates.ts";
import { giveUp, NothingNew, toReason } from "./give-up.ts";

/** Who works on an attempt: the person's request, or the recovery. */
interface Run {
  userId: string;
  /** Absent for the recovery, which takes what the attempt has kept. */
  input?: ConnectAccountInput;
}

/** An attempt that somebody works on. */
export interface Attempt extends Run, TakenUp {}

/** What a run has learned so far: for the endings, which may come from any step. */
export interface Progress {
  times: StepTimes;
  /** It had the user's lock in time: nobody else was working on the attempt. */
  begun: boolean;
  accessToken: Secret | undefined;
  /** An exchange may have been sent before whose reply nobody has. */
  unclear: boolean;
  /**
   * The sealed public_token that this run put into the attempt; null when it found another's there. Each
   * run's is sealed anew, so that none forgets what another is sending.
   */
  sent: string | null;
  /** The attempt holds the sealed access_token: whoever comes next can find the Item. */
  kept: boolean;
  institution: { id: string | null; name: string | null };
  plaidRequestId: string | undefined;
}

/**
 * Exchanges a public_token and keeps the Item with its accounts: the spec's diagram, top to bottom.
 *
 * The attempt is committed first, on its own. Then one transaction: lock the user, check the limit
 * and the duplicates, exchange, read the accounts, check both against what the bank really gave,
 * insert. After the commit the user's cache is cleared. Whatever fails after the exchange, the Item
 * is removed at Plaid and nothing is kept here (I1, I4).
 *
 * The public_token is the idempotency key (I2): sent again, it gets the first answer, or the first
 * error where that was final. Errors: `limit_reached`, `duplicate_accounts`, `public_token_invalid`,
 * `bank_login_required`, `bank_unavailable`, `plaid_unavailable`, `plaid_refused`, `busy`,
 * `outcome_pending`, `exchange_lost`, `connect_failed`, `unauthenticated` (the person deleted their account
 * meanwhile).
 */
export async function connectAccount(
  services: Services,
  user: { id: string },
  input: ConnectAccountInput,
  log: Log,
): Promise<ConnectAccountOutput> {
  return endAttempt(services, { userId: user.id, input }, takeUp(services, user.id, input), log);
}

/** Commits the attempt of this public_token, or finds it. Errors: `public_token_invalid`. */
async function takeUp(
  services: Services,
  userId: string,
  input: ConnectAccountInput,
): Promise<TakenUp> {
  const id = randomUUID();
  const taken = await startAttempt(
    services.db,
    userId,
    {
      id,
      publicTokenHash: createHash("sha256").update(input.publicToken).digest(),
      ...sentBy(services, { id, userId }, input),
    },
    timeLimits.attemptAbandoned,
  );
  if (taken === null) throw new FiscilityError("public_token_invalid");
  return taken;
}

/**
 * Brings an attempt to an end, as a connected Item or as none; the way of a person's request and of
 * the recovery. `taking`: the attempt is being committed, beside the wait for the user's lock; nothing
 * is sent before it stands. Errors: as `connectAccount`, and those of `taking`.
 */
export async function endAttempt(
  services: Services,
  run: Run,
  taking: Promise<TakenUp>,
  log: Log,
): Promise<ConnectAccountOutput> {
  const { userId, input } = run;
  // Where it fails before anybody waits for it, that is no surprise: it is waited for below.
  taking.catch(() => {});
  const { institution } = input?.metadata ?? {};
  const progress: Progress = {
    times: new StepTimes(),
    begun: false,
    accessToken: undefined,
    unclear: false,
    sent: null,
    kept: false,
    institution: { id: institution?.institutionId ?? null, name: institution?.name ?? null },
    plaidRequestId: undefined,
  };
  const started = performance.now();
  const deadline = AbortSignal.timeout(timeLimits.connectDeadline);
  const late = () => performance.now() - started > timeLimits.connectTurn;
  let output: ConnectAccountOutput;
  try {
    output = await services.connectGate.run(userId, () =>
      services.connectDb.transaction().execute(async (tx) => {
        const within = input ? undefined : timeLimits.recoveryLock;
        const plan = await lockUser(tx, userId, { within });
        const attempt = { ...run, ...(await taking) };
        progress.times.done("attempt");
        return connectInside(services, tx, attempt, plan, progress, { deadline, late });
      }),
    );
  } catch (error) {
    if (error instanceof FirstAnswer) throw error.error;
    const attempt = { ...run, ...(await taking) };
    // It had no turn: what it put there is not sent by anybody after this answer.
    progress.sent ??= attempt.madeWith;
    // The recovery leaves to its process what still has one.
    if (!input && !progress.begun) throw error;
    const answer = await giveUp(services, attempt, error, progress, log).catch((cause) => {
      throw new FiscilityError("outcome_pending", { cause });
    });
    if (!answer) throw toReason(error, progress);
    output = answer;
  }
  if (output.outcome === "connected") await afterCommit(services, userId, output, progress, log);
  return output;
}

/**
 * The transaction, under the user's lock. `late`: too little of the deadline is left to begin. Throws
 * to roll back; `FirstAnswer` when the token already got a final error.
 */
async function connectInside(
  services: Services,
  tx: Db,
  run: Attempt,
  plan: Awaited<ReturnType<typeof lockUser>>,
  progress: Progress,
  { deadline, late }: { deadline: AbortSignal; late: () => boolean },
): Promise<ConnectAccountOutput> {
  const { db, plaid, vault } = services;
  const { userId, input } = run;
  const { times } = progress;
  const { attempt, accounts: known } = await readConnectState(tx, userId, run.id);
  if (run.madeWith !== null && !attempt.sent_again) progress.sent = attempt.public_token_sealed;
  times.done("lock");
  const earlier = await answerOf(tx, attempt);
  if (earlier) return earlier;
  if (late()) throw new FiscilityError("busy", { details: { retryAfterSeconds: 5 } });
  progress.begun = true;

  // An attempt that is already `exchanged` under the lock was left by a process that died: go on.
  let keeping: Promise<void> | undefined;
  if (attempt.access_token_sealed === null) {
    progress.unclear =
      run.madeWith === null ? attempt.public_token_sealed !== null : attempt.sent_again;
    // What may have been exchanged already is exchanged again whatever the plan: only so does it end.
    if (!progress.unclear) {
      requireRoom(plan, known.length, Math.max(1, beforeExchange(input, known)));
    }
    const publicToken = await publicTokenOf(services, run, attempt, progress);
    const exchange = await plaid.exchangePublicToken(publicToken, {
      signal: deadline,
      sentBefore: progress.unclear,
    });
    progress.accessToken = exchange.accessToken;
    progress.plaidRequestId = exchange.requestId;
    attempt.access_token_sealed = vault.seal(
      exchange.accessToken,
      accessTokenOwner(userId, run.id),
    );
    attempt.plaid_item_id = exchange.plaidItemId;
    times.done("exchange");
    const kept = {
      accessTokenSealed: attempt.access_token_sealed,
      plaidItemId: exchange.plaidItemId,
    };
    // Through the other pool: this must stand even when the transaction does not. A database that
    // restarts just now is waited for, as the token is nowhere else.
    keeping = pRetry(() => keepExchange(db, userId, run.id, kept), {
      retries: 5,
      minTimeout: 100,
    }).then(() => times.done("keep"));
  } else {
    progress.accessToken = vault.open(
      attempt.access_token_sealed,
      accessTokenOwner(userId, run.id),
    );
  }
  const { access_token_sealed: sealed, plaid_item_id: plaidItemId } = attempt;
  if (sealed === null || plaidItemId === null) throw new Error("an exchanged attempt has no token");

  const accessToken = progress.accessToken;
  /** What the bank really gave, judged, and the rows of it made ready. */
  const readAccounts = async () => {
    // The person deleted their account meanwhile: the Item is given up, and removed like any other.
    if (plan.deleted) throw new FiscilityError("unauthenticated");
    const found = await plaid.getAccounts(accessToken, { signal: deadline });
    progress.institution = found.institution;
    progress.plaidRequestId ??= found.requestId;

    // Asked to connect anyway, only the bank's own ids tell that an account is there already.
    const likely = !(input ? input.connectAnyway : attempt.connect_anyway);
    const duplicates = findDuplicates(known, found.institution.id, found.accounts, { likely });
    const [duplicate] = duplicates;
    const old = new Set(duplicates.map(({ offered }) => offered));
    const fresh = found.accounts.filter((_, position) => !old.has(position));
    if (duplicate && fresh.length === 0) throw new NothingNew(duplicate.known.itemId);
    requireRoom(plan, known.length, fresh.length);

    const { plaidRequestId } = progress;
    const item = { id: run.id, userId, plaidItemId, sealed, plaidRequestId };
    return prepareConnection(tx, toRows(item, found.institution, fresh));
  };
  // Beside each other, but nothing gives up before it is known whether the token is kept.
  const [keep, ready] = await Promise.allSettled([keeping, readAccounts()]);
  if (keep.status === "rejected") throw keep.reason;
  progress.kept = true;
  if (ready.status === "rejected") throw ready.reason;
  times.done("accounts");
  const insert = ready.value;
  const connected = await insert();
  times.done("insert");
  const { accounts, ...item } = connected;
  return { outcome: "connected", item, accounts };
}

/** The rows of a connection, its Item under the attempt's id. */
function toRows(
  item: {
    id: string;
    userId: string;
    plaidItemId: string;
    sealed: string;
    plaidRequestId: string | undefined;
  },
  institution: { id: string | null; name: string },
  accounts: PlaidAccount[],
): NewConnection {
  const bank = { institution_id: institution.id, institution_name: institution.name };
  return {
    item: {
      ...bank,
      id: item.id,
      user_id: item.userId,
      plaid_item_id: item.plaidItemId,
      access_token_sealed: item.sealed,
    },
    accounts: toAccountRows({ userId: item.userId, itemId: item.id }, accounts),
    activity: {
      ...bank,
      user_id: item.userId,
      attempt_id: item.id,
      kind: "connected",
      account_count: accounts.length,
      plaid_request_id: item.plaidRequestId,
    },
  };
}

/**
 * What Link's metadata lets us know before anything is exchanged or billed: how many accounts are
 * new. It comes from the browser: advice that can spare a person an exchange, never a permission.
 * Errors: `duplicate_accounts`.
 */
function beforeExchange(
  input: ConnectAccountInput | undefined,
  known: readonly KnownAccount[],
): number {
  const { institution, accounts } = input?.metadata ?? {};
  const institutionId = institution?.institutionId ?? null;
  if (!accounts?.length || institutionId === null) return accounts?.length ?? 0;
  const offered = accounts.map((account) => ({
    accountId: null,
    persistentAccountId: null,
    mask: account.mask ?? null,
    name: account.name ?? "",
    subtype: account.subtype ?? null,
  }));
  const duplicates = findDuplicates(known, institutionId, offered, { likely: true });
  const [first] = duplicates;
  const reconnectOnly = secondItemInvalidatesFirst(institutionId);
  const nothingNew = duplicates.length === offered.length;
  if (first && (reconnectOnly || (nothingNew && !input?.connectAnyway))) {
    throw new FiscilityError("duplicate_accounts", {
      details: {
        itemId: first.known.itemId,
        institutionName: institution?.name ?? "",
        accounts: duplicates.map(({ known: { id, name, mask } }) => ({ id, name, mask })),
        mayConnectAnyway: !reconnectOnly,
      },
    });
  }
  return input?.connectAnyway ? offered.length : offered.length - duplicates.length;
}

/** The public_token to exchange, which stands sealed in the attempt before it is sent. */
async function publicTokenOf(
  services: Services,
  { id, userId, madeWith, input }: Attempt,
  { public_token_sealed: sealed, connect_anyway: connectAnyway }: LinkAttemptRow,
  progress: Progress,
): Promise<string> {
  if (input && madeWith !== null && sealed !== null) return input.publicToken;
  if (!input && sealed === null) throw new FiscilityError("public_token_invalid");
  const publicToken =
    input?.publicToken ??
    services.vault.open(sealed as string, publicTokenOwner(userId, id)).reveal();
  const sent = sentBy(services, { id, userId }, input ?? { publicToken, connectAnyway });
  await keepPublicToken(services.db, userId, id, sent, timeLimits.attemptAbandoned);
  progress.sent = sent.publicTokenSealed;
  return publicToken;
}

/** What the attempt keeps of the request, so that the recovery can go on with it. */
function sentBy(
  { vault }: Services,
  attempt: { id: string; userId: string },
  input: Pick<ConnectAccountInput, "publicToken" | "connectAnyway">,
) {
  return {
    publicTokenSealed: vault.seal(
      new Secret(input.publicToken),
      publicTokenOwner(attempt.userId, attempt.id),
    ),
    connectAnyway: input.connectAnyway === true,
  };
}

/** The public_token was answered before: the same error again, with nothing new to account for. */
class FirstAnswer extends Error {
  readonly error: FiscilityError;

  constructor(error: FiscilityError) {
    super(error.message);
    this.error = error;
  }
}

/** What an attempt that has ended answers, null for one that has not. Throws `FirstAnswer`. */
async function answerOf(tx: Db, attempt: LinkAttemptRow): Promise<ConnectAccountOutput | null> {
  const { status, reason, reason_details: details } = attempt;
  if (status === "started" || status === "exchanged") return null;
  if (reason === disconnected) throw new FirstAnswer(new FiscilityError("public_token_invalid"));
  const itemId = status === "connected" ? attempt.id : NothingNew.itemIdIn(reason, details);
  if (itemId === null) throw new FirstAnswer(storedError(reason, details));
  const found = await findItem(tx, attempt.user_id, itemId);
  // The Item that had the accounts already was disconnected since.
  if (!found) throw new FirstAnswer(new FiscilityError("public_token_invalid"));
  const { accounts, ...item } = found;
  return { outcome: "already_connected", item, accounts };
}

function storedError(reason: string | null, details: unknown): FiscilityError {
  const known = reason !== null && reason in reasons ? (reason as Reason) : "connect_failed";
  return new FiscilityError<Reason>(known, { details: (details ?? undefined) as never });
}

/** The commit stands; what comes now can fail without harm, but not in silence. */
async function afterCommit(
  services: Services,
  userId: string,
  output: ConnectAccountOutput,
  progress: Progress,
  log: Log,
): Promise<void> {
  progress.times.done("commit");
  const cacheCleared = await clearCache(services, { userId, itemId: output.item.id }, log);
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
