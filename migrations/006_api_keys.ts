import { type Kysely, sql } from "kysely";

/** API keys of a user's own programs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table api_keys (
      id text primary key check (id ~ '^[0-9a-f]{16}$'),
      user_id uuid not null references users (id) on delete cascade,
      secret_hash bytea not null check (length(secret_hash) = 32),
      name text not null,
      scopes text[] not null check (cardinality(scopes) > 0),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      created_at timestamptz not null default now()
    );
    create index api_keys_user on api_keys (user_id, created_at desc);
  `.execute(db);
}
