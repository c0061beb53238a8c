import type { Db } from "../../db/client.ts";
import { type ConnectState, isItemOfAnother } from "../../db/link-attempts.ts";
import { SameItem } from "./attempt.ts";
import { attemptKeyOf, type Run } from "./run.ts";

/**
 * Exchanging the public_token of update mode returns an Item that exists already. It must not be connected
 * twice, and must not be removed because all its accounts are known.
 *
 * @throws SameItem when the exchanged Item is a live Item of the user
 */
export function requireNewItem({ plaidItemId }: Run, known: ConnectState["known"]): void {
  const holder = known.find((account) => account.plaidItemId === plaidItemId);
  if (holder) throw new SameItem(holder.itemId);
}

/** @throws SameItem when the Item is being removed for the user, or belongs to another user */
export async function requireOwnItem(tx: Db, run: Run): Promise<void> {
  const { plaidItemId } = run;
  if (plaidItemId === undefined) throw new Error("nothing was exchanged");
  if (await isItemOfAnother(tx, { ...attemptKeyOf(run), plaidItemId })) throw new SameItem(null);
}
