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
import { storedAnswer } from "./attempt-answer.ts";
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
 * The attempt is recorded on its own. Then one transaction locks the user, checks the duplicates and the
 * limit, exchanges, saves the access token on a second connection, reads the accounts, checks both again
 * with what the bank shared, and inserts. The insert raises the user's data version and adds the Item's
 * first sync. After the commit the user's cache is invalidated.
 *
 * What throws here ends in `under-user-lock.ts`, by the rules of `attempt.ts` and by `run.stage`: after
 * the exchange the new Item is removed at Plaid and none is stored (I1, I4 of `docs/spec.md`). A user who
 * has the Item or all of its accounts already gets `already_connected`.
 *
 * The public_token is the idempotency key (I2): sent again, it gets the first answer, or the first
 * error where that was final. Requests that send it at once share one run.
 *
 * @param request what Link's `onSuccess` handed over, or what we found of it at Plaid; the recovery passes
 * the attempt it continues
 * @throws FiscilityError the reasons of the procedure `connectAccount`, and `unauthenticated` when the
 * user deleted their account meanwhile
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
  // Runs beside the wait for the lock; nothing is sent before it has ended.
  const recording = record(services, run);
  const ended: DisconnectedAttempt[] = [];
  const output = await underUserLock(services, run, recording, async (tx, locked) => {
    const { plan, attempt, known, unconnected } = locked;
    const answer = await storedAnswer(tx, attempt);
    if (answer) return answer;
    requireTimeLeft(services, run);
    const choice = run.choice ?? attempt.chosen_accounts;

    if (attempt.access_token_sealed === null) {
      const earlier = mayHaveBeenSent(attempt);
      // Only another exchange tells whether an earlier one made an Item: then the checks come after it.
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

    /** Rows of other Items that list as not connected what this connection brings. */
    let listedElsewhere: string[] = [];
    const connection = await whileSavingToken(services, run, async (accessToken) => {
      if (plan.deleted) throw new FiscilityError("unauthenticated");
      const [bank] = await Promise.all([
        plaid.getAccounts(accessToken, { signal: run.deadline }),
        requireOwnItem(tx, run),
      ]);
      // Link may know the name where Plaid does not say it.
      const { id, name } = bank.institution;
      run.institution = { id, name: name ?? run.institution.name };
      run.plaidRequestId ??= bank.requestId;
      const connectAnyway = run.input?.connectAnyway ?? attempt.connect_anyway;
      const fresh = newAccounts(bank, known, { connectAnyway, choice }, log);
      const { chosen, taken } = fresh;
      // Those that are taken over have their room already.
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
    // Those that are taken over were inserted too, and give way to the rows they take over.
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

/** The connection stands. What can still fail is retried by a job and shown in the Item's timeline. */
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
