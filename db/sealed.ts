import { sql } from "kysely";
import type { Db } from "./client.ts";

/**
 * What a ciphertext is bound to: its row, its user and its kind. It cannot be decrypted for another row,
 * another user or another kind of token.
 */
export interface SealedFor {
  kind: "access_token" | "public_token" | "link_token" | "totp_secret" | "webhook_secret";
  userId: string;
  /**
   * The id of the attempt and later the Item, or of the row in `link_tokens` or `webhook_endpoints`. For
   * `open_links` and a TOTP secret, the user's id again.
   */
  id: string;
}

/** An attempt's access_token. Its Item stores it under the same id. */
export const accessTokenOwner = (userId: string, itemId: string): SealedFor => ({
  kind: "access_token",
  userId,
  id: itemId,
});
export const publicTokenOwner = (userId: string, attemptId: string): SealedFor => ({
  kind: "public_token",
  userId,
  id: attemptId,
});
export const linkTokenOwner = (userId: string): SealedFor => ({
  kind: "link_token",
  userId,
  id: userId,
});

/** A row of `link_tokens`. */
export const openedLinkOwner = (userId: string, id: string): SealedFor => ({
  kind: "link_token",
  userId,
  id,
});

export const totpSecretOwner = (userId: string): SealedFor => ({
  kind: "totp_secret",
  userId,
  id: userId,
});

/** Both secrets of an address that receives webhooks. */
export const webhookSecretOwner = (userId: string, endpointId: string): SealedFor => ({
  kind: "webhook_secret",
  userId,
  id: endpointId,
});

/**
 * Every column that holds a ciphertext of `server/vault`. `id` is the row's key besides its user_id, and
 * `owner` returns what the ciphertext is bound to.
 */
export const sealedColumns = [
  { table: "items", column: "access_token_sealed", id: "id", owner: accessTokenOwner },
  { table: "link_attempts", column: "access_token_sealed", id: "id", owner: accessTokenOwner },
  { table: "link_attempts", column: "public_token_sealed", id: "id", owner: publicTokenOwner },
  { table: "link_tokens", column: "link_token_sealed", id: "id", owner: openedLinkOwner },
  { table: "link_tokens", column: "public_token_sealed", id: "id", owner: publicTokenOwner },
  { table: "open_links", column: "link_token_sealed", id: "user_id", owner: linkTokenOwner },
  { table: "totp_factors", column: "secret_sealed", id: "user_id", owner: totpSecretOwner },
  { table: "webhook_endpoints", column: "secret_sealed", id: "id", owner: webhookSecretOwner },
  { table: "webhook_endpoints", column: "old_secret_sealed", id: "id", owner: webhookSecretOwner },
] as const;
export type SealedColumn = (typeof sealedColumns)[number];

/** The position of a row in its primary key. */
export interface RowPosition {
  userId: string;
  id: string;
}

/** A ciphertext in its row. */
export interface Sealed extends RowPosition {
  envelope: string;
}

/** Counts the ciphertexts of each format and key, by their prefix: `v2.<key id>`. */
export async function countByPrefix(db: Db): Promise<Map<string, number>> {
  const each = sealedColumns.map(
    ({ table, column }) =>
      sql`select split_part(${sql.ref(column)}, '.', 1) || '.' || split_part(${sql.ref(column)}, '.', 2)
          as prefix from ${sql.table(table)}
        where ${sql.ref(column)} is not null`,
  );
  const { rows } = await sql<{ prefix: string; n: string }>`
    select prefix, count(*) as n from (${sql.join(each, sql` union all `)}) sealed
    group by prefix order by prefix`.execute(db);
  return new Map(rows.map(({ prefix, n }) => [prefix, Number(n)]));
}

/**
 * Returns some ciphertexts that have another prefix than `prefix`, in the order of their rows, after `after`.
 */
export async function findSealedWithOtherPrefix(
  db: Db,
  { table, column, id }: SealedColumn,
  prefix: string,
  after: RowPosition | null,
  limit: number,
): Promise<Sealed[]> {
  const past = after
    ? sql`and (user_id, ${sql.ref(id)}) > (${after.userId}::uuid, ${after.id}::uuid)`
    : sql``;
  const { rows } = await sql<Sealed>`
    select user_id as "userId", ${sql.ref(id)} as id, ${sql.ref(column)} as envelope
    from ${sql.table(table)}
    where not starts_with(${sql.ref(column)}, ${`${prefix}.`}) ${past}
    order by user_id, ${sql.ref(id)} limit ${limit}`.execute(db);
  return rows;
}

/** A new ciphertext for a row, and the one that it replaces. */
export interface Resealed extends RowPosition {
  from: string;
  to: string;
}

/**
 * Replaces each old ciphertext with the new one, if it has not changed and its row is not locked. So nothing
 * waits for this, and nothing that was written since is lost. Returns how many were replaced.
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
