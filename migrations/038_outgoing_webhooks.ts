import type { Kysely } from "kysely";
import { oneTableAtATime } from "./one-table-at-a-time.ts";

/** Webhooks to users' own addresses: docs/decisions/024-outgoing-webhooks.md. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await oneTableAtATime(db, [
    `create table if not exists webhook_endpoints (
      user_id uuid not null references users (id) on delete cascade,
      id uuid not null,
      url text not null check (length(url) <= 2000),
      events text[] not null check (cardinality(events) > 0),
      secret_sealed text not null,
      old_secret_sealed text,
      old_secret_until timestamptz,
      is_slow boolean not null default false,
      created_at timestamptz not null default now(),
      primary key (user_id, id)
    );

    create table if not exists webhook_deliveries (
      user_id uuid not null,
      id uuid not null default gen_random_uuid(),
      endpoint_id uuid not null,
      type text not null,
      body text not null,
      due_at timestamptz default clock_timestamp(),
      give_up_at timestamptz not null default clock_timestamp() + interval '24 hours',
      attempts integer not null default 0,
      attempted_at timestamptz,
      http_status integer,
      error text,
      delivered_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      primary key (user_id, id),
      foreign key (user_id, endpoint_id) references webhook_endpoints (user_id, id) on delete cascade
    );
    create index if not exists webhook_deliveries_due
      on webhook_deliveries (user_id, endpoint_id, due_at) where due_at is not null;
    create index if not exists webhook_deliveries_log
      on webhook_deliveries (user_id, endpoint_id, created_at desc);
    create index if not exists webhook_deliveries_created on webhook_deliveries (created_at)`,
  ]);
}
