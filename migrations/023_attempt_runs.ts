import { type Kysely, sql } from "kysely";

/**
 * Which run sends the exchange of an attempt. Nodes of the previous release insert attempts and exchange
 * without a mark; the default marks theirs, so that they count as sent. Adding a nullable column and then its
 * default rewrites no row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table link_attempts add column run_id uuid;
    alter table link_attempts alter column run_id set default gen_random_uuid();
    update link_attempts set run_id = gen_random_uuid()
      where status = 'started' and public_token_sealed is not null;
  `.execute(db);
}
