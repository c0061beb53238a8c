import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { LinkAttemptRow, LinkTokenRow } from "./schema.ts";

/** A Link of a user, and how it ended. */
export interface FollowedLink extends Pick<LinkTokenRow, "id" | "status" | "outcome" | "reason"> {
  /** Null once it is closed. */
  linkTokenSealed: string | null;
  /** The Item that it was opened for, in update mode. */
  itemId: string | null;
  isExpired: boolean;
  /** Plaid reports that Link was finished. */
  isFinished: boolean;
  /** The attempt that `onSuccess` started. */
  attemptStatus: LinkAttemptRow["status"] | null;
  attemptReason: string | null;
  /** The Item that Link created or updated, while it is connected. */
  liveItemId: string | null;
  bank: string | null;
}

/** A query for the Links of a user, to which callers add conditions. */
export function followedLinks(db: Db, userId: string) {
  return (
    db
      .selectFrom("link_tokens as link")
      .leftJoin("link_attempts as attempt", (join) =>
        join
          .onRef("attempt.id", "=", "link.found_item_id")
          .onRef("attempt.user_id", "=", "link.user_id"),
      )
      // An attempt that connected nothing new names the Item that has its accounts.
      .leftJoin("items as item", (join) =>
        join
          .on(
            "item.id",
            "=",
            sql<string>`coalesce((attempt.reason_details ->> 'itemId')::uuid, link.found_item_id, link.item_id)`,
          )
          .onRef("item.user_id", "=", "link.user_id"),
      )
      .where("link.user_id", "=", userId)
      .select([
        "link.id",
        "link.link_token_sealed as linkTokenSealed",
        "link.item_id as itemId",
        "link.status",
        "link.outcome",
        "link.reason",
        sql<boolean>`link.expires_at <= now()`.as("isExpired"),
        sql<boolean>`link.finished_at is not null`.as("isFinished"),
        "attempt.status as attemptStatus",
        "attempt.reason as attemptReason",
        "item.id as liveItemId",
        sql<string | null>`coalesce(item.institution_name, link.institution_name)`.as("bank"),
      ])
  );
}

/** Returns the Link with our id, or null. */
export async function findFollowedLink(
  db: Db,
  userId: string,
  id: string,
): Promise<FollowedLink | null> {
  const row = await followedLinks(db, userId).where("link.id", "=", id).executeTakeFirst();
  return row ?? null;
}
