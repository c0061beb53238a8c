import { type Kysely, sql } from "kysely";

/** When an address responded 410 Gone, after which nothing is sent to it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table webhook_endpoints add column disabled_at timestamptz`.execute(db);
}
