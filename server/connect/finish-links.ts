import { type DueLink, dueLinks, postponeLinkCheck, retryLater } from "../../db/link-tokens.ts";
import { FiscilityError } from "../contracts/errors.ts";
import { isPermanentRejection } from "../plaid/plaid-users.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { finishLink } from "./finish-link.ts";

/** Links of one pass. The next pass, a minute later, takes the rest. */
const maxDue = 200;
/** Links processed in parallel. */
const atOnce = 4;

/**
 * One pass over the Links whose end is not known, each minute and when a user returns. Links that were
 * finished while `onSuccess` never reached us are finished here. Stops as soon as Plaid does not respond.
 * Returns how many it checked. Begins no more once `signal` is aborted.
 */
export async function finishLinks(
  services: Services,
  log: Log,
  signal?: AbortSignal,
): Promise<number> {
  let looked = 0;
  let isPlaidThere = true;
  // One user's Links one after another: the result of one may explain the next.
  const byUser = new Map<string, DueLink[]>();
  for (const link of await dueLinks(services.db, maxDue)) {
    byUser.set(link.user_id, [...(byUser.get(link.user_id) ?? []), link]);
  }
  const rest = byUser.values();
  const worker = async () => {
    for (const links of rest) {
      for (const link of links) {
        if (!isPlaidThere || signal?.aborted) return;
        looked += 1;
        isPlaidThere &&= await look(services, link, log);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return looked;
}

/** Returns whether Plaid responded. A failed check is retried later. */
async function look(services: Services, link: DueLink, log: Log): Promise<boolean> {
  const { db, limits } = services;
  try {
    const outcome = await finishLink(services, link, log);
    const line = { event: "link_looked_at", userId: link.user_id, linkId: link.id, outcome };
    log.info(line, "Link checked");
    if (outcome === "unknown") await postponeLinkCheck(db, link);
    if (outcome === "retry") await retryLater(db, link, limits.finishLinkRetry);
    return true;
  } catch (error) {
    const { message: cause } = error as Error;
    log.warn(
      { event: "link_looked_at", userId: link.user_id, linkId: link.id, cause },
      "Link not checked",
    );
    await retryLater(db, link, limits.finishLinkRetry);
    return !(error instanceof FiscilityError) || !error.plaid || isPermanentRejection(error);
  }
}
