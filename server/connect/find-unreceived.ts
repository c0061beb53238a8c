import { type DueLink, itemsOfLink, type LinkEnd } from "../../db/link-tokens.ts";
import { findPlaidUser, requestReconciliation } from "../../db/plaid-users.ts";
import { heldItems } from "../../db/unclaimed-items.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { LinkSession } from "../plaid/link-sessions.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { finishUpdateOfLink, mayHaveUpdated } from "./finish-update-of-link.ts";

/**
 * Finds out how a Link ended when Plaid does not return its results, which it does for our client id only on
 * request. Plaid's list of the user's Items still shows an Item that the Link created. Such an Item cannot be
 * connected because its public_token is lost: the user is notified which bank it was, and the reconciliation
 * removes it. After update mode the Item itself shows whether it changed.
 *
 * @returns `waits` when the Link ended a moment ago and `onSuccess` may still arrive; null when nothing is
 *   found
 */
export async function findUnreceived(
  services: Services,
  link: DueLink,
  sessions: LinkSession[],
  log: Log,
): Promise<LinkEnd | "waits" | null> {
  const { clock, limits } = services;
  const withoutExit = sessions.filter(({ isExited }) => !isExited);
  if (sessions.length > 0 && withoutExit.length === 0) return null;
  const ends = withoutExit.flatMap(({ finishedAt }) => (finishedAt ? [finishedAt.getTime()] : []));
  // The user has not left Link yet. The last check treats it as left.
  if (withoutExit.length > 0 && ends.length === 0 && !link.isOver) return null;
  if (clock.now().getTime() - Math.max(...ends) < limits.onSuccess) return "waits";
  return link.item_id === null
    ? findItem(services, link, log)
    : updateItem(services, link, link.item_id, log);
}

async function findItem(services: Services, link: DueLink, log: Log): Promise<LinkEnd | null> {
  const { db, plaid, clock, limits } = services;
  const { user_id: userId } = link;
  const { plaidUserId } = await findPlaidUser(db, userId, plaid.client);
  if (plaidUserId === null) return null;
  const signal = timeLimitSignal(limits.connectDeadline);
  const { items } = await plaid.users.listItems(plaidUserId, { signal });
  const held = await heldItems(
    db,
    items.map(({ plaidItemId }) => plaidItemId),
  );
  const unheld = items.filter(({ plaidItemId }) => !held.has(plaidItemId));
  const possible = await itemsOfLink(
    db,
    link,
    unheld.map(({ plaidItemId }) => plaidItemId),
  );
  const found = unheld.find(({ plaidItemId }) => possible.has(plaidItemId));
  if (!found) return null;
  const { plaidItemId, institutionName } = found;
  const line = { event: "link_not_received", userId, linkId: link.id, plaidItemId };
  log.warn(line, "Link not received");
  await requestReconciliation(db, userId, clock.now());
  return { outcome: "not_received", institutionName, plaidItemId };
}

/** It is unknown whether the user finished or left, so only a success is reported. */
async function updateItem(
  services: Services,
  link: DueLink,
  itemId: string,
  log: Log,
): Promise<LinkEnd | null> {
  if (!(await mayHaveUpdated(services, link.user_id, itemId))) return null;
  const result = await finishUpdateOfLink(services, link, itemId, log);
  return result instanceof FiscilityError ? null : { outcome: "reconnected", ...result, itemId };
}
