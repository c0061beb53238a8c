import { type Kysely, sql } from "kysely";

/**
 * Users' corrections of transactions: docs/decisions/029-corrections.md. `transaction_id` is no foreign key,
 * because a posted transaction replaces its pending one, and one that is fetched again keeps its id.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table transaction_corrections (
      user_id uuid not null,
      transaction_id text collate "C" not null,
      account_id uuid not null,
      category text,
      merchant text,
      corrected_at timestamptz not null default now(),
      primary key (user_id, transaction_id),
      foreign key (user_id, account_id) references accounts (user_id, id) on delete cascade
    );
    create index transaction_corrections_account on transaction_corrections (user_id, account_id);
  `.execute(db);
}
