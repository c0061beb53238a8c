import { noteUserApis, refusedClients } from "../../db/plaid-clients.ts";
import { findPlaidUser, storePlaidUser } from "../../db/plaid-users.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

type Needs = Pick<Services, "db" | "plaid" | "limits" | "clock">;

/**
 * Returns the Plaid user of our user, and creates it the first time, from our user's id alone. A race, a
 * killed process and a retry all end with the same one.
 *
 * @returns null when Plaid refuses the User APIs or is unavailable: everything else works without it
 */
export async function ensurePlaidUser(
  { db, plaid, limits, clock }: Needs,
  userId: string,
  log: Log,
): Promise<string | null> {
  const { plaidUserId, refusedAt } = await findPlaidUser(db, userId, plaid.client);
  if (plaidUserId !== null) return plaidUserId;
  const now = clock.now();
  if (refusedAt && now.getTime() - refusedAt.getTime() < limits.userApisRefused) return null;
  const line = { event: "plaid_user", userId };
  const signal = timeLimitSignal(limits.plaidCall);
  const created = await plaid.users.create(userId, { signal }).catch((error: unknown) => {
    log.warn({ ...line, outcome: "not created", cause: (error as Error).message }, "No Plaid user");
    return undefined;
  });
  if (created === undefined) return null;
  if (created === null) {
    await noteUserApis(db, plaid.client, now);
    warnOfRefusal(log, plaid.client);
    return null;
  }
  if (refusedAt) await noteUserApis(db, plaid.client, null);
  const kept = await storePlaidUser(db, userId, plaid.client, created);
  // Our user was deleted meanwhile, so nothing would remove it later.
  if (kept === null) await plaid.users.remove(created);
  log.info({ ...line, outcome: "created", plaidUserId: kept }, "Plaid user created");
  return kept;
}

/** At the start of a process: logs what cannot be guaranteed while Plaid refuses the User APIs. */
export async function warnIfUserApisRefused({ db, plaid, log }: Services): Promise<void> {
  const refused = await refusedClients(db);
  if (refused.some(({ client }) => client === plaid.client)) warnOfRefusal(log, plaid.client);
}

function warnOfRefusal(log: Log, client: string): void {
  log.warn({ event: "user_apis_refused", client }, userApisRefusedMessage);
}

/** For operators: the consequence of Plaid's refusal. */
export const userApisRefusedMessage =
  "Plaid refuses this client id the User APIs: an Item whose exchange reply is lost, or that Link made and nobody exchanged, cannot be found or removed";
