import type { Db } from "./client.ts";

/** Keeps the sealed link_token this person opens Link with now, in place of any earlier one. */
export async function keepOpenLink(
  db: Db,
  userId: string,
  link: { linkTokenSealed: string; expiresAt: Date },
): Promise<void> {
  const row = { link_token_sealed: link.linkTokenSealed, expires_at: link.expiresAt };
  await db
    .insertInto("open_links")
    .values({ user_id: userId, ...row })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet(row))
    .execute();
}

/** The sealed link_token of the Link this person opened last, or null when none is still good. */
export async function findOpenLink(db: Db, userId: string): Promise<string | null> {
  const row = await db
    .selectFrom("open_links")
    .select("link_token_sealed")
    .where("user_id", "=", userId)
    .where("expires_at", ">", new Date())
    .executeTakeFirst();
  return row?.link_token_sealed ?? null;
}
