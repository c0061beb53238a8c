import { type Kysely, sql } from "kysely";

/** An index for the sweep of expired sessions. Built concurrently and repeatable, as in 015. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql`
    select 1 from pg_index
    where indexrelid = to_regclass('sessions_expires') and not indisvalid`.execute(db);
  if (rows.length > 0) await sql`drop index concurrently sessions_expires`.execute(db);
  await sql`
    create index concurrently if not exists sessions_expires on sessions (expires_at)`.execute(db);
}
