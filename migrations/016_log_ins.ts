import { type Kysely, sql } from "kysely";

/**
 * The log-ins that a user sees, and others' attempts; keyed by the user
 * (docs/decisions/009-spread-by-user.md).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table log_ins (
      user_id uuid not null references users (id) on delete cascade,
      at timestamptz not null default now(),
      id uuid not null default gen_random_uuid(),
      outcome text not null check (outcome in ('succeeded', 'wrong_password')),
      ip_address text,
      user_agent text,
      primary key (user_id, at, id)
    );
    create index log_ins_at on log_ins (at);
  `.execute(db);
}
