import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { ItemOfUser } from "./items.ts";
import { raisedDataVersion } from "./users.ts";

/** Plaid's data of a bank besides its name. A field is null when Plaid returns nothing usable. */
export interface InstitutionBranding {
  /** The bank's website. */
  url: string | null;
  /** `#rrggbb`, in lowercase. */
  color: string | null;
  /** A PNG, and the name it is served under, which changes with its content. */
  logo: { png: Buffer; hash: string } | null;
}

/**
 * Returns the Plaid id of the Item's bank when this caller should request it from Plaid: no request was made
 * within `retryMs`, and no data is younger than `freshMs`. Else null.
 */
export async function claimInstitution(
  db: Db,
  { userId, itemId }: ItemOfUser,
  { freshMs, retryMs }: { freshMs: number; retryMs: number },
): Promise<string | null> {
  const ago = (ms: number) => sql`now() - ${ms}::float8 * interval '1 millisecond'`;
  const { rows } = await sql<{ id: string }>`
    insert into institutions (id)
    select institution_id from items
    where user_id = ${userId} and id = ${itemId} and institution_id is not null
    on conflict (id) do update set asked_at = now()
      where institutions.asked_at < ${ago(retryMs)}
        and (institutions.fetched_at is null or institutions.fetched_at < ${ago(freshMs)})
    returning id`.execute(db);
  return rows[0]?.id ?? null;
}

/** Stores Plaid's data of a bank, and raises the data version of the user whose page shows it. */
export async function storeInstitution(
  db: Db,
  userId: string,
  id: string,
  { url, color, logo }: InstitutionBranding,
): Promise<void> {
  await sql`
    with version as (${raisedDataVersion(sql`id = ${userId}`)}),
    shown as (
      update items set updated_at = now() from version
      where items.user_id = version.id and items.institution_id = ${id}
    )
    update institutions set url = ${url}, color = ${color}, logo = ${logo?.png ?? null},
      logo_hash = ${logo?.hash ?? null}, fetched_at = now()
    where id = ${id}`.execute(db);
}

/** Returns the logo that is served under this name, or null. */
export async function findLogo(db: Db, hash: string): Promise<Buffer | null> {
  const row = await db
    .selectFrom("institutions")
    .where("logo_hash", "=", hash)
    .select("logo")
    .limit(1)
    .executeTakeFirst();
  return row?.logo ?? null;
}
