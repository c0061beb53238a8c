import { type Kysely, sql } from "kysely";

/** When an operator disabled a user: `npm run user`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table users add column disabled_at timestamptz`.execute(db);
}
