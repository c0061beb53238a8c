import { type DueLink, itemsOfLink, type LinkEnd } from "../../db/link-tokens.ts";
import { askForReconciliation, findPlaidUser } from "../../db/plaid-users.ts";
import { heldItems } from "../../db/unclaimed-items.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { LinkSession } from "../plaid/link-sessions.ts";
import { timeLimitSignal } from "../plaid/time-limit-signal.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { finishUpdateOfLink, mayHaveUpdated } from "./finish-update-of-link.ts";

/**
 * What became of a Link whose results Plaid does not tell, as it does for our client id only on request. Its
 * list of the user's Items has what Link made all the same. Such an Item cannot be connected, as nobody has
 * its public_token: the user has to be told which bank it was, and the reconciliation removes it. Of update
 * mode the Item itself shows what came of it.
 *
 * @returns `waits` when the Link ended a moment ago, and `onSuccess` may still reach us; null for nothing found
 */
export async function findUnreceived(
  services: Services,
  link: DueLink,
  sessions: LinkSession[],
  log: Log,
): Promise<LinkEnd | "waits" | null> {
  const { clock, limits } = services;
  const untold = sessions.filter(({ isExited }) => !isExited);
  if (sessions.length > 0 && untold.length === 0) return null;
  const ends = untold.flatMap(({ finishedAt }) => (finishedAt ? [finishedAt.getTime()] : []));
  // Nobody has left it yet; on the last look it counts as left.
  if (untold.length > 0 && ends.length === 0 && !link.isOver) return null;
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
  await askForReconciliation(db, userId, clock.now());
  return { outcome: "not_received", institutionName, plaidItemId };
}

/** Whether the user finished or left is not known, so only a success is told. */
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
