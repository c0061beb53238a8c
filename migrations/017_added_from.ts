import { type Kysely, sql } from "kysely";

/** Which update of its Item added a transaction, so that one begun again can be undone (011). */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table transactions add column added_from bigint`.execute(db);
}
