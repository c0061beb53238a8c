import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * Which privacy notice was shown when a bank was connected, and when its user was last mailed that the bank
 * needs them or that the connection ends.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists consents (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null default gen_random_uuid(),
      item_id uuid not null,
      institution_name text not null,
      notice_version text,
      shown_at timestamptz,
      link_session_id text,
      connected_at timestamptz not null default now(),
      primary key (user_id, id)
    )`,
    `alter table link_tokens
      add column if not exists notice_version text,
      add column if not exists notice_shown_at timestamptz`,
    `alter table link_attempts
      add column if not exists notice_version text,
      add column if not exists notice_shown_at timestamptz,
      add column if not exists link_session_id text`,
    `alter table items
      add column if not exists reminded_at timestamptz,
      add column if not exists end_announced_for timestamptz`,
  ]);
}
