import type { TestApp } from "./app.ts";

/** The differences between our rows and the sandbox's data, which must be zero, and what is on record. */
export interface Books {
  /** Items at Plaid whose access_token was issued, alive, without a row, and not on record as lost. */
  orphans: number;
  /** Real bank accounts that a user has twice. */
  duplicates: number;
  /** Users with more live accounts than their plan allows. */
  overdrafts: number;
  /** Items without accounts, without their one activity entry, or alive here and removed at Plaid. */
  partial: number;
  /** Attempts that have not ended. */
  unfinished: number;
  /** Exchanges whose response was lost, each on record in `link_attempts` until it is cleaned up. */
  lost: number;
  connected: number;
}

/** The books without any difference. The number of connected Items is added. */
export const noDifferences: Omit<Books, "connected"> = {
  orphans: 0,
  duplicates: 0,
  overdrafts: 0,
  partial: 0,
  unfinished: 0,
  lost: 0,
};

/** Compares the app's database with the sandbox's `/_control/items`. */
export async function compareBooks(app: Pick<TestApp, "query" | "itemsAtPlaid">): Promise<Books> {
  const atPlaid = await app.itemsAtPlaid();
  const items = await app.query("select id, plaid_item_id from items");
  const ours = new Set(items.map((item) => item.plaid_item_id));
  const alive = atPlaid.filter((item) => item.access_token_issued && !item.removed);
  const aliveIds = new Set(alive.map((item) => item.item_id));
  const one = async (sql: string) =>
    (await app.query(`select count(*)::int n from (${sql}) x`))[0].n;
  const lost = new Set(
    (
      await app.query(
        `select encode(public_token_hash, 'hex') h from link_attempts
          where reason = 'exchange_lost' and plaid_item_id is null and cleaned_up_at is null`,
      )
    ).map(({ h }) => h),
  );
  const unknown = alive.filter((item) => !ours.has(item.item_id));
  const holders = new Map(atPlaid.map((item) => [item.item_id, item.holder]));
  const accounts = await app.query(
    `select a.user_id, a.name, a.mask, a.subtype, i.plaid_item_id, i.institution_id
       from accounts a join items i on i.id = a.item_id`,
  );
  const real = accounts.map((a) =>
    JSON.stringify([
      ...[a.user_id, a.institution_id, holders.get(a.plaid_item_id)],
      ...[a.name, a.mask, a.subtype],
    ]),
  );
  return {
    orphans: unknown.filter((item) => !lost.has(item.public_token_hash)).length,
    duplicates: real.length - new Set(real).size,
    overdrafts: await one(
      `select 1 from users u join plans p on p.id = u.plan
         where (select count(*) from accounts a where a.user_id = u.id) > p.max_accounts`,
    ),
    partial:
      items.filter((item) => !aliveIds.has(item.plaid_item_id)).length +
      (await one(
        `select 1 from items i where not exists (select 1 from accounts a where a.item_id = i.id)
           or (select count(*) from account_activity v
                where v.attempt_id = i.id and v.kind = 'connected') <> 1`,
      )) +
      (await one(
        `select 1 from link_attempts t where (t.status = 'connected')
           <> exists (select 1 from items i where i.id = t.id)`,
      )),
    unfinished: await one(
      `select 1 from link_attempts where status in ('exchanged', 'removing')
         or (status = 'started' and public_token_sealed is not null)`,
    ),
    lost: lost.size,
    connected: items.length,
  };
}
