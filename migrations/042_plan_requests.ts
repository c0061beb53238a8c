import { type Kysely, sql } from "kysely";

/** Requests for a larger plan: `npm run plan-requests` lists them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table plan_requests (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null default gen_random_uuid(),
      plan text not null,
      note text,
      created_at timestamptz not null default now(),
      answered_at timestamptz,
      primary key (user_id, id)
    );
    create unique index plan_requests_open on plan_requests (user_id) where answered_at is null;
  `.execute(db);
}
