import {
  endSweepStep,
  nextSweepStep,
  noteUserApis,
  userApisRefusedAt,
} from "../../db/plaid-clients.ts";
import {
  backOff,
  backOffEnding,
  duePlaidUsers,
  duePlaidUsersToEnd,
  type KnownPlaidUser,
} from "../../db/plaid-users.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { isPermanentRejection, lacksUserApis } from "../plaid/plaid-users.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { endPlaidUser } from "./end-plaid-user.ts";
import { ensurePlaidUser } from "./plaid-user.ts";
import { reconcileUser } from "./reconcile-user.ts";

/** Due users of one pass. The next pass, a minute later, takes the rest. */
const maxDue = 200;
/** Users processed in parallel. */
const atOnce = 2;

/**
 * One pass of the reconciliation, each minute: first the users that are due, then the next step of the sweep
 * over all of them. Stops as soon as Plaid does not respond, and continues there a minute later. Returns how
 * many users it compared or removed. Begins no more once `signal` is aborted.
 */
export async function reconcile(
  services: Services,
  log: Log,
  signal?: AbortSignal,
): Promise<number> {
  const { db, plaid, clock, limits } = services;
  const refusedAt = await userApisRefusedAt(db, plaid.client);
  const isRefused =
    refusedAt && clock.now().getTime() - refusedAt.getTime() < limits.userApisRefused;
  if (isRefused) return 0;
  const done = await runPass(services, log, signal);
  if (refusedAt && done > 0) await noteUserApis(db, plaid.client, null);
  return done;
}

async function runPass(
  services: Services,
  log: Log,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { db, plaid, clock, limits } = services;
  const { client } = plaid;
  const now = clock.now();
  let done = 0;
  const perform = async (work: () => Promise<void>, retry: () => Promise<void>) => {
    if (signal?.aborted) return false;
    const isAvailable = await isPlaidThere(services, log, work, retry);
    if (isAvailable) done += 1;
    return isAvailable;
  };
  const compare = (user: KnownPlaidUser) =>
    perform(
      () => reconcileUser(services, user, log),
      () => backOff(db, user.userId, clock.now()),
    );
  const end = (plaidUserId: string) =>
    perform(
      () => endPlaidUser(services, plaidUserId, log),
      () => backOffEnding(db, plaidUserId, clock.now()),
    );
  const due = await duePlaidUsers(db, client, now, maxDue);
  if (!(await allOf(due, compare))) return done;
  if (!(await allOf(await duePlaidUsersToEnd(db, client, now, maxDue), end))) return done;
  const compared = new Set(due.map(({ userId }) => userId));
  const step = await nextSweepStep(db, client, now, limits.reconciliationRound);
  if (!step) return done;
  const rest = step.users.filter(({ userId }) => !compared.has(userId));
  const swept = await allOf(rest, async ({ userId, plaidUserId: known }) => {
    const plaidUserId = known ?? (await ensurePlaidUser(services, userId, log));
    if (plaidUserId === null) return false;
    return compare({ userId, plaidUserId });
  });
  if (swept) await endSweepStep(db, client, step.last);
  return done;
}

/** Returns whether Plaid responded. Other failures are retried later. */
async function isPlaidThere(
  { db, plaid, clock }: Services,
  log: Log,
  work: () => Promise<void>,
  retryLater: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    const { message: cause } = error as Error;
    log.warn({ event: "reconciliation", cause }, "Not reconciled");
    await retryLater();
    if (lacksUserApis(error)) await noteUserApis(db, plaid.client, clock.now());
    if (lacksUserApis(error)) return false;
    return !(error instanceof FiscilityError) || !error.plaid || isPermanentRejection(error);
  }
}

/** Runs `work` for all items, a few in parallel, until one returns false. */
async function allOf<T>(
  items: readonly T[],
  work: (item: T) => Promise<boolean>,
): Promise<boolean> {
  let goesOn = true;
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) {
      if (!goesOn) return;
      if (!(await work(item))) goesOn = false;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return goesOn;
}
