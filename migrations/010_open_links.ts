import { type Kysely, sql } from "kysely";

/** The Link that a user opened last, for the return from a bank's own site. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table open_links (
      user_id uuid primary key references users (id) on delete cascade,
      link_token_sealed text not null,
      item_id uuid references items (id) on delete cascade,
      expires_at timestamptz not null
    );
  `.execute(db);
}
