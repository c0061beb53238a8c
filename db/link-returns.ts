import { sql } from "kysely";
import type { Db } from "./client.ts";
import { type FollowedLink, followedLinks } from "./followed-links.ts";

/**
 * The Link that continues after a bank's site. `id` is null when a node of the previous release opened it.
 */
export interface ClaimedLink extends Pick<FollowedLink, "linkTokenSealed" | "itemId"> {
  id: string | null;
}

/** A redirect from a bank: the hash of its `oauth_state_id`, and the Link that the tab opened last. */
export interface LinkReturn {
  stateHash: Buffer;
  linkId: string | null;
}

/** Returns the Link that was returned to with this `oauth_state_id` before, or null. */
export async function findReturnedLink(
  db: Db,
  userId: string,
  stateHash: Buffer,
): Promise<FollowedLink | null> {
  const row = await followedLinks(db, userId)
    .where("link.oauth_state_hash", "=", stateHash)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * A bank redirected a user to us with a new `oauth_state_id`. Assigns it to the tab's own Link if that is
 * open, else to the newest that no bank has returned to: Plaid reveals only at this point which Link it
 * belongs to. Returns null when there is none.
 */
export async function claimReturnedLink(
  db: Db,
  userId: string,
  { stateHash, linkId }: LinkReturn,
): Promise<ClaimedLink | null> {
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
        .where("is_hosted", "=", false)
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

/** Returns the Link that a node of the previous release opened last, unless it has a row of its own. */
async function findLastLink(db: Db, userId: string): Promise<ClaimedLink | null> {
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
