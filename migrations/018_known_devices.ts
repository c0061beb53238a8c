import { type Kysely, sql } from "kysely";

/** Browsers that have logged in. Replaces signed cookies, which were not stored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table known_devices (
      user_id uuid not null references users (id) on delete cascade,
      token_hash bytea not null,
      password_digest bytea not null,
      used_at timestamptz not null default now(),
      primary key (user_id, token_hash)
    );
  `.execute(db);
}
