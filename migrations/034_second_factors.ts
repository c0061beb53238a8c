import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/**
 * Second factors, log-ins that wait for their second step, and browsers that skip it for a while:
 * docs/decisions/022-second-factor.md.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists totp_factors (
      user_id uuid primary key references users (id) on delete cascade,
      secret_sealed text not null,
      confirmed_at timestamptz,
      last_step bigint,
      created_at timestamptz not null default now()
    );

    create table if not exists passkeys (
      user_id uuid not null references users (id) on delete cascade,
      id text not null check (length(id) <= 1400),
      name text not null,
      public_key bytea not null,
      counter bigint not null,
      transports text[] not null,
      created_at timestamptz not null default now(),
      last_used_at timestamptz,
      primary key (user_id, id)
    );

    create table if not exists backup_codes (
      user_id uuid not null references users (id) on delete cascade,
      code_hash bytea not null,
      used_at timestamptz,
      primary key (user_id, code_hash)
    );

    create table if not exists pending_log_ins (
      token_hash bytea not null,
      user_id uuid not null references users (id) on delete cascade,
      expires_at timestamptz not null,
      primary key (token_hash, user_id)
    );
    create index if not exists pending_log_ins_user on pending_log_ins (user_id);
    create index if not exists pending_log_ins_expires on pending_log_ins (expires_at);

    create table if not exists passkey_challenges (
      bound_to bytea not null,
      purpose text not null,
      challenge text not null,
      expires_at timestamptz not null,
      primary key (bound_to, purpose)
    );
    create index if not exists passkey_challenges_expires on passkey_challenges (expires_at)`,
    "alter table known_devices add column if not exists trusted_until timestamptz",
  ]);
}
