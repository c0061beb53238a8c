import { insertConnection } from "../../db/connections.ts";
import type { DisconnectedAttempt } from "../../db/link-attempts.ts";
import { deleteUnconnected } from "../../db/unconnected-accounts.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { ConnectAccountInput, ConnectAccountOutput } from "../contracts/connect.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { requireRoom } from "./account-limit.ts";
import { mayHaveBeenSent, transitions } from "./attempt.ts";
import { storedResult } from "./attempt-result.ts";
import { checkRefused } from "./check-refused.ts";
import { toConnection } from "./connection-rows.ts";
import { findDuplicates } from "./duplicates.ts";
import { newAccounts, requireNoDuplicates, requireRoomByMetadata } from "./new-accounts.ts";
import {
  type FoundSuccess,
  holdAccessToken,
  markSending,
  openAccessToken,
  type Run,
  record,
  requireTimeLeft,
  type StoredAttempt,
  startRun,
  whileSavingToken,
} from "./run.ts";
import { requireNewItem, requireOwnItem } from "./same-item.ts";
import { removeEnded, takeOver } from "./take-over.ts";
import { underUserLock } from "./under-user-lock.ts";

/**
 * Exchanges a public_token and stores the Item with its accounts: the product owner's sequence, top to
 * bottom. `attempt.ts` has the states behind it.
 *
 * The attempt is recorded first, on its own connection. Then one transaction locks the user, checks for
 * duplicates and the limit, exchanges, saves the access token on a second connection, reads the accounts,
 * checks both again with what the bank shared, and inserts. The insert raises the user's data version and
 * adds the Item's first sync. After the commit the user's cache is invalidated.
 *
 * Errors are handled in `under-user-lock.ts`, by the rules of `attempt.ts` and by `run.stage`: after the
 * exchange the new Item is removed at Plaid and nothing is stored (I1, I4 of `docs/spec.md`). A user who
 * already has the Item or all of its accounts gets `already_connected`.
 *
 * The public_token is the idempotency key (I2): sent again, it returns the first result, or the first error
 * if that was final. Requests that send it at the same time share one run.
 *
 * @param request what Link's `onSuccess` passed, or the same as we found it at Plaid; the recovery passes the
 *   attempt it continues
 * @throws FiscilityError the reasons of the procedure `connectAccount`, and `unauthenticated` when the user
 *   deleted their account meanwhile
 */
export async function connectAccount(
  services: Services,
  user: { id: string },
  request: ConnectAccountInput | FoundSuccess | StoredAttempt,
  log: Log,
): Promise<ConnectAccountOutput> {
  const run = () => runConnection(services, user, request, log);
  return "attemptId" in request ? run() : services.sharedRuns.run(user.id, request, run);
}

async function runConnection(
  services: Services,
  user: { id: string },
  request: ConnectAccountInput | FoundSuccess | StoredAttempt,
  log: Log,
): Promise<ConnectAccountOutput> {
  const { plaid } = services;
  const run = startRun(services, user.id, request, log);
  // Runs while this request waits for the lock. The exchange is sent only after it is done.
  const recording = record(services, run);
  const ended: DisconnectedAttempt[] = [];
  const output = await underUserLock(services, run, recording, async (tx, locked) => {
    const { plan, attempt, known, unconnected } = locked;
    const stored = await storedResult(tx, attempt);
    if (stored) return stored;
    requireTimeLeft(services, run);
    const choice = run.choice ?? attempt.chosen_accounts;

    if (attempt.access_token_sealed === null) {
      const earlier = mayHaveBeenSent(attempt);
      // If an earlier exchange may have created an Item, only another exchange can tell. The checks then
      // follow it.
      if (!earlier) {
        if (plan.deleted) throw new FiscilityError("unauthenticated");
        requireNoDuplicates(run.input, known);
        requireRoomByMetadata(plan, run.input, known, choice);
      }
      const publicToken = await markSending(services, run, attempt);
      run.stage = { at: "sending", earlier };
      holdAccessToken(
        services,
        run,
        await plaid.exchangePublicToken(publicToken, { signal: run.deadline }),
      );
    } else {
      openAccessToken(services, run, attempt);
    }
    requireNewItem(run, known);

    /** Rows of other Items that list an account of this connection as not connected. */
    let listedElsewhere: string[] = [];
    const connection = await whileSavingToken(services, run, async (accessToken) => {
      if (plan.deleted) throw new FiscilityError("unauthenticated");
      const [bank] = await Promise.all([
        plaid.getAccounts(accessToken, { signal: run.deadline }),
        requireOwnItem(tx, run),
      ]);
      // Plaid may not return the bank's name; Link's metadata may have it.
      const { id, name } = bank.institution;
      run.institution = { id, name: name ?? run.institution.name };
      run.plaidRequestId ??= bank.requestId;
      const connectAnyway = run.input?.connectAnyway ?? attempt.connect_anyway;
      const fresh = newAccounts(bank, known, { connectAnyway, choice }, log);
      const { chosen, taken } = fresh;
      // Accounts that are taken over count towards the plan already.
      requireRoom(plan, known.length, chosen.length - taken.length);
      const listed = findDuplicates(unconnected, bank.institution.id, chosen, {
        likely: !connectAnyway,
      });
      listedElsewhere = listed.map(({ known: { id } }) => id);
      return { ...toConnection(run, bank, fresh), taken };
    });
    run.stage = { at: "committing" };
    await deleteUnconnected(tx, user.id, listedElsewhere);
    const { taken, ...inserted } = connection;
    const connected = await insertConnection(tx, inserted, transitions.connect);
    // Accounts that are taken over were inserted as well; their earlier rows replace the new ones.
    const { accounts, ...item } =
      taken.length > 0 ? await takeOver(tx, run, taken, ended) : connected;
    run.times.done("insert");
    return { outcome: "connected", item, accounts };
  }).catch(async (error: unknown) => {
    throw await checkRefused(services, user, error, log);
  });
  if (output.outcome === "connected") {
    await afterCommit(services, run, output);
    await removeEnded(services, ended, log);
  }
  return output;
}

/**
 * The bank is connected. Whatever fails from here on is retried by a job and shown in the Item's timeline.
 */
async function afterCommit(
  services: Services,
  run: Run,
  { item, accounts }: ConnectAccountOutput,
): Promise<void> {
  const { userId, times, log } = run;
  times.done("commit");
  const cacheCleared = await invalidateCache(services, { userId, itemId: item.id }, log);
  times.done("cache");
  log.info(
    {
      event: "connection",
      outcome: "connected",
      userId,
      itemId: item.id,
      institutionId: item.institution.id,
      accounts: accounts.length,
      plaidItemId: run.plaidItemId,
      plaidRequestId: run.plaidRequestId,
      linkSessionId: run.input?.metadata?.linkSessionId,
      cacheCleared,
      ms: times.ms,
    },
    "Bank connected",
  );
}
