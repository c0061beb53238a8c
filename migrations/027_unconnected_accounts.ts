import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * Accounts that a bank shares and the user did not choose, and the choice of a running connection:
 * docs/decisions/019-room-in-the-plan.md. A nullable column without a default rewrites no row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists unconnected_accounts (
      user_id uuid not null,
      item_id uuid not null,
      id uuid not null default gen_random_uuid(),
      plaid_account_id text not null,
      persistent_account_id text,
      position integer not null,
      name text not null,
      official_name text,
      mask text,
      type text not null,
      subtype text,
      declined boolean not null,
      primary key (user_id, item_id, id),
      foreign key (user_id, item_id) references items (user_id, id) on delete cascade
    )`,
    "alter table link_attempts add column if not exists chosen_accounts jsonb",
  ]);
}
