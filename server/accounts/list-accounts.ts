import { listItems } from "../../db/items.ts";
import { type AccountsListOutput, accountsListOutput } from "../contracts/accounts.ts";
import type { Services } from "../services.ts";

/** The cache entry of a user's accounts. */
export const accountsResponse = { name: "accounts", schema: accountsListOutput };

/**
 * Returns the user's Items with their accounts, through the cache. `dataVersion` was read before the rows, so
 * an entry is never older than its key says (I5).
 */
export async function listAccounts(
  { cache, db }: Pick<Services, "cache" | "db">,
  user: { id: string; dataVersion: number },
): Promise<AccountsListOutput> {
  return cache.read(user.id, accountsResponse, user.dataVersion, async () => ({
    items: await listItems(db, user.id),
  }));
}
