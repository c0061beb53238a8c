import { type Kysely, sql } from "kysely";

/**
 * Whether an Item has transactions, and what an Item that takes another one's place still holds back:
 * docs/decisions/025-links-finished-without-us.md and 018. The columns have constant defaults or none, so no
 * row is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table items add column has_transactions boolean not null default true;
  `.execute(db);
}
