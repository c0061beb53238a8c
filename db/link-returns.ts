import { sql } from "kysely";
import type { Db } from "./client.ts";
import type { LinkAttemptRow, LinkTokenRow } from "./schema.ts";

/** The Link that a user returned to from a bank's own site, and what became of it. */
export interface ReturnedLink extends Pick<LinkTokenRow, "status" | "outcome" | "reason"> {
  /** Null for one that a node of the release before opened. */
  id: string | null;
  /** Null once it is closed. */
  linkTokenSealed: string | null;
  itemId: string | null;
  isExpired: boolean;
  /** Plaid says that Link was finished. */
  isFinished: boolean;
  /** The attempt that `onSuccess` began. */
  attemptStatus: LinkAttemptRow["status"] | null;
  attemptReason: string | null;
  bank: string | null;
}

/** Where a bank sent the user back to: the hash of its `oauth_state_id`, and the Link that the tab opened last. */
export interface LinkReturn {
  stateHash: Buffer;
  linkId: string | null;
}

/** The Link that was returned to with this `oauth_state_id` before, or null. */
export async function findReturnedLink(
  db: Db,
  userId: string,
  stateHash: Buffer,
): Promise<ReturnedLink | null> {
  const row = await db
    .selectFrom("link_tokens as link")
    .leftJoin("link_attempts as attempt", (join) =>
      join
        .onRef("attempt.id", "=", "link.found_item_id")
        .onRef("attempt.user_id", "=", "link.user_id"),
    )
    .leftJoin("items as item", (join) =>
      join
        .on("item.id", "=", sql<string>`coalesce(link.found_item_id, link.item_id)`)
        .onRef("item.user_id", "=", "link.user_id"),
    )
    .where("link.user_id", "=", userId)
    .where("link.oauth_state_hash", "=", stateHash)
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
      sql<string | null>`coalesce(item.institution_name, link.institution_name)`.as("bank"),
    ])
    .executeTakeFirst();
  return row ?? null;
}

/**
 * A user is back from a bank for the first time with this `oauth_state_id`: gives it to the tab's own Link where
 * that is open, else to the newest that no bank has returned to. Plaid says only then which Link it belongs to.
 * Null when there is none.
 */
export async function claimReturnedLink(
  db: Db,
  userId: string,
  { stateHash, linkId }: LinkReturn,
): Promise<Pick<ReturnedLink, "id" | "linkTokenSealed" | "itemId"> | null> {
  const claimed = await db
    .updateTable("link_tokens")
    .set({ oauth_state_hash: stateHash })
    .where("user_id", "=", userId)
    .where("id", "=", (eb) =>
      eb
        .selectFrom("link_tokens")
        .where("user_id", "=", userId)
        .where("status", "=", "open")
        .where("finished_at", "is", null)
        .where("expires_at", ">", sql<Date>`now()`)
        .where((own) => own.or([own("oauth_state_hash", "is", null), own("id", "=", linkId)]))
        .orderBy(sql`(id = ${linkId}) is true`, "desc")
        .orderBy("created_at", "desc")
        .limit(1)
        .forUpdate()
        .select("id"),
    )
    .returning(["id", "link_token_sealed as linkTokenSealed", "item_id as itemId"])
    .executeTakeFirst();
  return claimed ?? (await findLastLink(db, userId));
}

/** The Link that a node of the release before opened last, unless it has a row of its own. */
async function findLastLink(db: Db, userId: string) {
  const last = await db
    .selectFrom("open_links")
    .where("user_id", "=", userId)
    .where("expires_at", ">", sql<Date>`now()`)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("link_tokens")
            .where("link_tokens.user_id", "=", userId)
            .whereRef("link_tokens.expires_at", "=", "open_links.expires_at")
            .select("link_tokens.id"),
        ),
      ),
    )
    .select(["link_token_sealed as linkTokenSealed", "item_id as itemId"])
    .executeTakeFirst();
  return last ? { id: null, ...last } : null;
}
