import { type Kysely, sql } from "kysely";

/**
 * Which update of its Item added a transaction, so that a restarted update can be undone
 * (docs/decisions/006-sync-and-webhooks.md).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table transactions add column added_from bigint`.execute(db);
}
