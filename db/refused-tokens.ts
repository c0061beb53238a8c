import { sql } from "kysely";
import type { Db } from "./client.ts";

/**
 * Stores that Plaid did not know the access_token of an Item. The row is deleted once the token works, or
 * half a day after it was last tried.
 *
 * @param windowMs how far back Items are counted
 * @returns `sinceMs`: how long this Item's token has been refused; `items`: how many Items had a refused
 *   token in the window, including this one
 */
export async function noteRefusedToken(
  db: Db,
  plaidItemId: string,
  windowMs: number,
): Promise<{ sinceMs: number; items: number }> {
  const { rows } = await sql<{ sinceMs: number; items: number }>`
    with noted as (
      insert into refused_tokens (plaid_item_id) values (${plaidItemId})
      on conflict (plaid_item_id) do update set last_at = now(),
        first_at = case when refused_tokens.last_at < now() - ${forgottenAfter}
          then now() else refused_tokens.first_at end
      returning first_at
    )
    select extract(epoch from now() - first_at)::float8 * 1000 as "sinceMs",
      1 + (select count(*)::int from refused_tokens
        where last_at > now() - ${windowMs} * interval '1 millisecond'
          and plaid_item_id <> ${plaidItemId}) as items
    from noted`.execute(db);
  const [row] = rows;
  if (!row) throw new Error("an upsert returned no row");
  return row;
}

const forgottenAfter = sql`interval '12 hours'`;

/** Deletes the row of an access_token that works after all. */
export async function deleteRefusedToken(db: Db, plaidItemId: string): Promise<void> {
  await db.deleteFrom("refused_tokens").where("plaid_item_id", "=", plaidItemId).execute();
}

/** An Item whose access_token Plaid does not know, and the row that still holds the token. */
export interface RefusedToken {
  plaidItemId: string;
  userId: string;
  /** `removing`: the attempt that removes the Item; `live`: the Item. Both have the same id. */
  heldBy: "live" | "removing";
  id: string;
  /** When it was first refused. */
  firstAt: Date;
}

/**
 * For an operator: returns at most `max` refused tokens that a row still holds, the longest refused first.
 */
export async function listRefusedTokens(db: Db, max: number): Promise<RefusedToken[]> {
  const { rows } = await sql<RefusedToken>`
    select refused.plaid_item_id as "plaidItemId", held.user_id as "userId", held.by as "heldBy",
      held.id, refused.first_at as "firstAt"
    from refused_tokens as refused
    join (
      select plaid_item_id, user_id, id, 'live' as by from items
      union all
      select plaid_item_id, user_id, id, 'removing' from link_attempts
      where status = 'removing'
    ) as held on held.plaid_item_id = refused.plaid_item_id
    order by refused.first_at limit ${max}`.execute(db);
  return rows;
}

/** Deletes expired rows, at most 10,000 at once. */
export async function dropOldRefusedTokens(db: Db): Promise<void> {
  await db
    .deleteFrom("refused_tokens")
    .where("plaid_item_id", "in", (eb) =>
      eb
        .selectFrom("refused_tokens")
        .select("plaid_item_id")
        .where("last_at", "<", sql<Date>`now() - ${forgottenAfter}`)
        .limit(10_000),
    )
    .execute();
}
