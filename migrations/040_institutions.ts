import { type Kysely, sql } from "kysely";

/** Plaid's data of the banks that users have: docs/decisions/028-logos-from-our-own-origin.md. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table institutions (
      id text collate "C" primary key,
      url text,
      color text check (color ~ '^#[0-9a-f]{6}$'),
      logo bytea check (length(logo) <= 60000),
      logo_hash text collate "C",
      asked_at timestamptz not null default now(),
      fetched_at timestamptz
    );
    create index institutions_logo on institutions (logo_hash) where logo_hash is not null;
  `.execute(db);
}
