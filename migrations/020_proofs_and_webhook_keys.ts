import { type Kysely, sql } from "kysely";

/**
 * When a session's user last proved their identity; Plaid's webhook keys, so that they survive a restart; and
 * at most one more year for API keys with a longer lifetime: docs/decisions/015-step-up.md.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // While it waits for a lock, later queries wait behind it, so it times out soon. The migration is
    // retried.
    await sql`set local lock_timeout = '300ms'`.execute(tx);
    await sql`
      alter table sessions add column if not exists proved_at timestamptz;
      create table if not exists webhook_keys (
        id text primary key check (length(id) <= 200),
        x text not null,
        y text not null,
        confirmed_at timestamptz not null default now()
      );
    `.execute(tx);
  });
  for (let after: string | null = ""; after !== null; ) after = await capBatch(db, after);
}

/** Caps the next thousand keys after this id. Returns the last one's id; null when there are none. */
async function capBatch(db: Kysely<unknown>, after: string): Promise<string | null> {
  const { rows } = await sql<{ last: string | null }>`
    with batch as (
      select id, user_id from api_keys where id > ${after} order by id limit 1000
    ), capped as (
      update api_keys set expires_at = now() + interval '365 days'
      from batch
      where api_keys.id = batch.id and api_keys.user_id = batch.user_id
        and revoked_at is null
        and (expires_at is null or expires_at > now() + interval '365 days')
    )
    select max(id) as last from batch`.execute(db);
  return rows[0]?.last ?? null;
}
