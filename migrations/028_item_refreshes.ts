import { type Kysely, sql } from "kysely";

/** When the user requested fresh data of an Item, when Plaid was called for it, and when that ended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table item_syncs
      add column refresh_asked_at timestamptz,
      add column refresh_sent_at timestamptz,
      add column refresh_ended_at timestamptz;
  `.execute(db);
}
