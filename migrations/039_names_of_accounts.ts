import { type Kysely, sql } from "kysely";

/**
 * The user's name for an account, and whether it is excluded from totals. The defaults are constant, so no
 * row is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table accounts
      add column chosen_name text,
      add column is_hidden boolean not null default false;
  `.execute(db);
}
