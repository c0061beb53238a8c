import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * Whether an Item has transactions, and the transactions that an Item holds back while it takes over
 * accounts: docs/decisions/013-accounts-chosen-again.md. The columns have constant defaults or none, so no row
 * is rewritten.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    "alter table items add column if not exists has_transactions boolean not null default true",
    "alter table item_syncs add column if not exists is_held boolean not null default false",
    `create table if not exists held_transactions (
      user_id uuid not null,
      id text collate "C" not null,
      account_id uuid not null,
      date date not null,
      amount numeric not null,
      currency text,
      name text not null,
      merchant text,
      category text,
      pending boolean not null,
      added_from bigint,
      reading integer not null default 0,
      primary key (user_id, id),
      foreign key (user_id, account_id) references accounts (user_id, id) on delete cascade
    );
    create index if not exists held_transactions_account on held_transactions (user_id, account_id, date)`,
  ]);
}
