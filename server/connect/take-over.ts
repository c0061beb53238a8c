import type { Db } from "../../db/client.ts";
import { deleteItems, findItem } from "../../db/items.ts";
import { type DisconnectedAttempt, disconnectAttempts } from "../../db/link-attempts.ts";
import { accessTokenOwner } from "../../db/sealed.ts";
import { emptiedItems, takeAccounts } from "../../db/taken-accounts.ts";
import type { ItemWithAccounts } from "../contracts/accounts.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";
import { disconnected, transitions } from "./attempt.ts";
import type { TakenAccount } from "./new-accounts.ts";
import { removeAtPlaid } from "./remove-item.ts";
import type { Run } from "./run.ts";

/**
 * Moves accounts from Items whose access has ended to the new Item, in the connecting transaction. They keep
 * their rows, ids, names and transactions. An Item is deleted when most of its accounts moved, and its other
 * accounts move too, as no longer shared. An Item that keeps more of them stays, as it may be another log-in.
 * Deleted Items are added to `ended`, to be removed at Plaid after the commit.
 */
export async function takeOver(
  tx: Db,
  { userId, attemptId: itemId }: Run,
  taken: TakenAccount[],
  ended: DisconnectedAttempt[],
): Promise<ItemWithAccounts> {
  const rows = taken.map(({ id, account }) => ({
    id,
    accountId: account.accountId,
    persistentAccountId: account.persistentAccountId,
  }));
  await takeAccounts(tx, userId, itemId, rows);
  const takenOf = new Map<string, number>();
  for (const one of taken) takenOf.set(one.itemId, (takenOf.get(one.itemId) ?? 0) + 1);
  for (const id of await emptiedItems(tx, userId, itemId, takenOf)) {
    ended.push(...(await disconnectAttempts(tx, userId, transitions.disconnect, disconnected, id)));
    await deleteItems(tx, userId, id);
  }
  const item = await findItem(tx, userId, itemId);
  if (!item) throw new Error("the Item that takes over does not exist");
  return item;
}

/** An Item that cannot be removed now is removed by the recovery. */
export async function removeEnded(
  services: Services,
  ended: DisconnectedAttempt[],
  log: Log,
): Promise<void> {
  for (const attempt of ended) {
    const { id, user_id: userId, access_token_sealed: sealed } = attempt;
    const open = () => services.vault.open(sealed, accessTokenOwner(userId, id));
    const removal = await removeAtPlaid(services, attempt, open, log);
    log.info(
      {
        event: "connection",
        outcome: "taken_over",
        userId,
        itemId: id,
        itemAtPlaid: removal ? "removed" : "to be removed",
        plaidRequestId: removal?.requestId,
      },
      "Bank taken over",
    );
  }
}
