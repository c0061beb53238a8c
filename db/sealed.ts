import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Every column that holds what `server/vault` sealed, and the one it is bound to: the row's key. */
export const sealedColumns = [
  { table: "items", column: "access_token_sealed", boundTo: "id" },
  { table: "link_attempts", column: "access_token_sealed", boundTo: "id" },
  { table: "link_attempts", column: "public_token_sealed", boundTo: "id" },
  { table: "open_links", column: "link_token_sealed", boundTo: "user_id" },
] as const;
export type SealedColumn = (typeof sealedColumns)[number];

/** An envelope in its row. */
export interface Sealed {
  boundTo: string;
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

/** Some envelopes that are under another key than `keyId`, in the order of their rows, from `after` on. */
export async function sealedUnderOthers(
  db: Db,
  { table, column, boundTo }: SealedColumn,
  keyId: string,
  after: string | null,
  limit: number,
): Promise<Sealed[]> {
  const { rows } = await sql<Sealed>`
    select ${sql.ref(boundTo)} as "boundTo", ${sql.ref(column)} as envelope from ${sql.table(table)}
    where split_part(${sql.ref(column)}, '.', 2) <> ${keyId}
      and (${after}::uuid is null or ${sql.ref(boundTo)} > ${after}::uuid)
    order by ${sql.ref(boundTo)} limit ${limit}`.execute(db);
  return rows;
}

/**
 * Puts each new envelope in the place of the old one where that still stands and nobody holds the
 * row just now: nobody waits for this, and nothing that was written since is lost. Returns how many.
 */
export async function replaceSealed(
  db: Db,
  { table, column, boundTo }: SealedColumn,
  changes: readonly { boundTo: string; from: string; to: string }[],
): Promise<number> {
  const [target, key] = [sql.table(table), sql.ref(`${table}.${boundTo}`)];
  const { rows } = await sql`
    with free as (
      select ${key} as id, "to" from ${target}
      join json_to_recordset(${JSON.stringify(changes)}::json)
        as change ("boundTo" uuid, "from" text, "to" text)
        on change."boundTo" = ${key} and change."from" = ${sql.ref(`${table}.${column}`)}
      for no key update of ${target} skip locked
    )
    update ${target} set ${sql.ref(column)} = free."to" from free where ${key} = free.id
    returning 1`.execute(db);
  return rows.length;
}
