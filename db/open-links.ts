import { sql } from "kysely";
import type { Db } from "./client.ts";

/** Keeps the sealed link_token this person opens Link with now, in place of any earlier one. */
export async function keepOpenLink(
  db: Db,
  userId: string,
  link: {
    linkTokenSealed: string;
    itemId: string | null;
    expiresAt: Date;
    /** The version of the privacy notice that the user sees; null where it is no page of ours. */
    noticeVersion: string | null;
  },
): Promise<void> {
  const row = {
    link_token_sealed: link.linkTokenSealed,
    item_id: link.itemId,
    expires_at: link.expiresAt,
    notice_version: link.noticeVersion,
    notice_shown_at: link.noticeVersion === null ? null : sql<Date>`now()`,
  };
  await db
    .insertInto("open_links")
    .values({ user_id: userId, ...row })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet(row))
    .execute();
}

/** The Link this person opened last; `itemId` when it is in update mode. Null when none is still good. */
export async function findOpenLink(
  db: Db,
  userId: string,
): Promise<{ linkTokenSealed: string; itemId: string | null } | null> {
  const row = await db
    .selectFrom("open_links")
    .select(["link_token_sealed as linkTokenSealed", "item_id as itemId"])
    .where("user_id", "=", userId)
    .where("expires_at", ">", sql<Date>`now()`)
    .executeTakeFirst();
  return row ?? null;
}
