import { type Kysely, sql } from "kysely";

/** Links that Plaid shows on a page of its own, without `onSuccess`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table link_tokens add column is_hosted boolean not null default false`.execute(
    db,
  );
}
