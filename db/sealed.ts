import { sql } from "kysely";
import type { Db } from "./client.ts";

/**
 * What an attempt's sealed public_token is bound to. Not its id alone, to which the access_token beside it
 * is: neither can be put in the place of the other.
 */
export const publicTokenOwner = (attemptId: string) => `public_token:${attemptId}`;

const itself = (id: string) => id;

/**
 * Every column that holds what `server/vault` sealed: `id` is the row's key beside its user_id, and
 * `owner` gives what the envelope is bound to.
 */
export const sealedColumns = [
  { table: "items", column: "access_token_sealed", id: "id", owner: itself },
  { table: "link_attempts", column: "access_token_sealed", id: "id", owner: itself },
  { table: "link_attempts", column: "public_token_sealed", id: "id", owner: publicTokenOwner },
  { table: "open_links", column: "link_token_sealed", id: "user_id", owner: itself },
] as const;
export type SealedColumn = (typeof sealedColumns)[number];

/** The place of a row in its primary key. */
export interface Place {
  userId: string;
  id: string;
}

/** An envelope in its row. */
export interface Sealed extends Place {
  envelope: string;
}

/** How many envelopes there are under each key, by the key's id. */
export async function countByKey(db: Db): Promise<Map<string, number>> {
  const each = sealedColumns.map(
    ({ table, column }) =>
      sql`select split_part(${sql.ref(column)}, '.', 2) as key from ${sql.table(table)}
        where ${sql.ref(column)} is not null`,
  );
  const { rows } = await sql<{ key: string; n: string }>`
    select key, count(*) as n from (${sql.join(each, sql` union all `)}) sealed
    group by key order by key`.execute(db);
  return new Map(rows.map(({ key, n }) => [key, Number(n)]));
}

/** Some envelopes that are under another key than `keyId`, in the order of their rows, past `after`. */
export async function sealedUnderOthers(
  db: Db,
  { table, column, id }: SealedColumn,
  keyId: string,
  after: Place | null,
  limit: number,
): Promise<Sealed[]> {
  const past = after
    ? sql`and (user_id, ${sql.ref(id)}) > (${after.userId}::uuid, ${after.id}::uuid)`
    : sql``;
  const { rows } = await sql<Sealed>`
    select user_id as "userId", ${sql.ref(id)} as id, ${sql.ref(column)} as envelope
    from ${sql.table(table)}
    where split_part(${sql.ref(column)}, '.', 2) <> ${keyId} ${past}
    order by user_id, ${sql.ref(id)} limit ${limit}`.execute(db);
  return rows;
}

/** A new envelope for a row, and the one that it takes the place of. */
export interface Resealed extends Place {
  from: string;
  to: string;
}

/**
 * Puts each new envelope in the place of the old one where that still stands and nobody holds the
 * row just now: nobody waits for this, and nothing that was written since is lost. Returns how many.
 */
export async function replaceSealed(
  db: Db,
  { table, column, id }: SealedColumn,
  changes: readonly Resealed[],
): Promise<number> {
  const target = sql.table(table);
  const of = (name: string) => sql.ref(`${table}.${name}`);
  const { rows } = await sql`
    with free as (
      select ${of("user_id")} as "userId", ${of(id)} as id, "to" from ${target}
      join json_to_recordset(${JSON.stringify(changes)}::json)
        as change ("userId" uuid, id uuid, "from" text, "to" text)
        on change."userId" = ${of("user_id")} and change.id = ${of(id)}
          and change."from" = ${of(column)}
      for no key update of ${target} skip locked
    )
    update ${target} set ${sql.ref(column)} = free."to" from free
    where ${of("user_id")} = free."userId" and ${of(id)} = free.id
    returning 1`.execute(db);
  return rows.length;
}
