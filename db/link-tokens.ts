import { sql } from "kysely";
import type { LinkKind } from "../server/contracts/connect.ts";
import type { LinkNews, LinkOutcome } from "../server/contracts/link-news.ts";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import { requestLinksPass } from "./jobs.ts";
import type { LinkTokenRow } from "./schema.ts";
import { raiseDataVersion } from "./users.ts";

/** The key of a row, by our ids. */
export type LinkKey = Pick<LinkTokenRow, "user_id" | "id">;

/** How long we wait for `onSuccess` after the end of Link before we continue without it. */
export const onSuccessGrace = sql`interval '5 minutes'`;
/** A public_token that was created in the last minute of its link_token is valid this long. */
const publicTokenLife = sql`interval '30 minutes'`;
/** How long a closed row is kept, for the user's message and for support. */
const keptFor = sql`interval '30 days'`;
/** Links of one user that are followed at once. The oldest of more is dropped. */
const maxOpen = 10;

/**
 * Stores the link_token that the user opens Link with, encrypted for this row and, where nodes of the
 * previous release look for the last one, for the user.
 */
export async function storeLinkToken(
  db: Db,
  userId: string,
  link: {
    id: string;
    linkTokenHash: Buffer;
    linkTokenSealed: string;
    sealedForUser: string;
    itemId: string | null;
    kind: LinkKind | null;
    isHosted: boolean;
    expiresAt: Date;
    noticeVersion: string | null;
  },
): Promise<void> {
  const last = {
    link_token_sealed: link.sealedForUser,
    item_id: link.itemId,
    expires_at: link.expiresAt,
  };
  await db
    .with("last", (cte) =>
      cte
        .insertInto("open_links")
        .columns(["user_id", "link_token_sealed", "item_id", "expires_at"])
        // No bank redirects to us from a hosted Link.
        .expression((eb) =>
          eb
            .selectFrom("users")
            .where("id", "=", userId)
            .where(sql<boolean>`not ${link.isHosted}::boolean`)
            .select([
              "id as user_id",
              sql<string>`${link.sealedForUser}`.as("link_token_sealed"),
              sql<string | null>`${link.itemId}::uuid`.as("item_id"),
              sql<Date>`${link.expiresAt}::timestamptz`.as("expires_at"),
            ]),
        )
        .onConflict((conflict) => conflict.column("user_id").doUpdateSet(last)),
    )
    .with("dropped", (cte) =>
      cte
        .deleteFrom("link_tokens")
        .where("user_id", "=", userId)
        .where("id", "in", (eb) =>
          eb
            .selectFrom("link_tokens")
            .where("user_id", "=", userId)
            .where("status", "=", "open")
            .where("finished_at", "is", null)
            .select("id")
            .orderBy("created_at", "desc")
            .limit(1_000)
            .offset(maxOpen - 1),
        ),
    )
    .insertInto("link_tokens")
    .values({
      user_id: userId,
      id: link.id,
      link_token_hash: link.linkTokenHash,
      link_token_sealed: link.linkTokenSealed,
      item_id: link.itemId,
      kind: link.kind,
      is_hosted: link.isHosted,
      expires_at: link.expiresAt,
      notice_version: link.noticeVersion,
      notice_shown_at: link.noticeVersion === null ? null : sql<Date>`now()`,
      due_at: sql<Date>`now() + ${onSuccessGrace}`,
    })
    .execute();
}

/** The columns of a row whose end is known and about which the user need not be notified. */
export const closedColumns = {
  status: "closed",
  link_token_sealed: null,
  public_token_sealed: null,
  due_at: sql<Date>`now() + ${keptFor}`,
} as const;

/**
 * The result of update mode has reached us, so its Link is closed. Without a link_token (`hash`) every open
 * Link of the Item is closed.
 */
export async function closeUpdateLinks(
  db: Db,
  userId: string,
  { itemId, hash }: { itemId: string; hash: Buffer | null },
): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set(closedColumns)
    .where("user_id", "=", userId)
    .where("item_id", "=", itemId)
    .where("status", "!=", "closed")
    .$if(hash !== null, (query) => query.where("link_token_hash", "=", hash as Buffer))
    .execute();
}

/**
 * Returns the row of a link_token, or null. The link_token comes from Plaid, so the user is not known yet.
 */
export async function findByLinkToken(db: Db, hash: Buffer): Promise<LinkTokenRow | null> {
  const row = await db
    .selectFrom("link_tokens")
    .selectAll()
    .where("link_token_hash", "=", hash)
    .executeTakeFirst();
  return row ?? null;
}

/** What Plaid reports about a finished Link. */
export interface FinishedSession {
  /** Encrypted for the row; null in update mode, where it is not needed. */
  publicTokenSealed: string | null;
  linkSessionId: string | null;
  institutionId: string | null;
  institutionName: string | null;
}

/**
 * Stores that Plaid reported Link as finished. It is processed in `dueInMs`, unless `onSuccess` arrives
 * first. Returns the row; null, without a change, when that was known or the Link is closed.
 */
export async function noteFinished(
  db: Db,
  { user_id, id }: LinkKey,
  session: FinishedSession,
  dueInMs: number,
): Promise<LinkTokenRow | null> {
  const row = await db
    .updateTable("link_tokens")
    .set({
      finished_at: sql<Date>`now()`,
      public_token_sealed: session.publicTokenSealed,
      link_session_id: session.linkSessionId,
      institution_id: session.institutionId,
      institution_name: session.institutionName,
      tries: 0,
      due_at: sql<Date>`now() + ${dueInMs} * interval '1 millisecond'`,
    })
    .where("user_id", "=", user_id)
    .where("id", "=", id)
    .where("status", "=", "open")
    .where("finished_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Begins to connect what Link created. Returns false, without a change, when `onSuccess` has arrived after
 * all: an attempt has the public_token.
 */
export async function beginFinishing(
  db: Db,
  { user_id, id }: LinkKey,
  publicTokenHash: Buffer,
): Promise<boolean> {
  const begun = await db
    .updateTable("link_tokens")
    .set({ status: "finishing" })
    .where("user_id", "=", user_id)
    .where("id", "=", id)
    .where("status", "=", "open")
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("link_attempts")
            .where("link_attempts.public_token_hash", "=", publicTokenHash)
            .select("link_attempts.id"),
        ),
      ),
    )
    .returning("id")
    .execute();
  return begun.length > 0;
}

/** How a Link ended without its tab. */
export interface LinkEnd {
  outcome: LinkOutcome;
  reason?: string | null;
  institutionName?: string | null;
  /** Our Item that Link created or updated. */
  itemId?: string | null;
  plaidItemId?: string | null;
}

/** Closes a Link; with `end` the user is notified. Does nothing when `onSuccess` has arrived meanwhile. */
export async function closeLink(db: Db, link: LinkKey, end: LinkEnd | null): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const ended = await tx
      .updateTable("link_tokens")
      .set({
        ...closedColumns,
        ...(end && {
          outcome: end.outcome,
          reason: end.reason ?? null,
          found_item_id: end.itemId ?? null,
          plaid_item_id: end.plaidItemId ?? null,
        }),
        ...(end?.institutionName && { institution_name: end.institutionName }),
      })
      .where("user_id", "=", link.user_id)
      .where("id", "=", link.id)
      .where("status", "!=", "closed")
      .returning("id")
      .execute();
    if (ended.length === 0) return false;
    if (end) await raiseDataVersion(tx, link.user_id);
    return true;
  });
}

/** SQL: the time after which a link_token can have no new result. */
const lastChance = sql`(expires_at + ${publicTokenLife})`;

/**
 * Plaid reports no end yet. The next check is later, doubling up to 20 minutes, so that a public_token is
 * found while it is valid. The last check is when there can be no new result.
 */
export async function postponeLinkCheck(db: Db, { user_id, id }: LinkKey): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set({
      asked_at: sql<Date>`now()`,
      tries: sql<number>`tries + 1`,
      due_at: sql<Date>`least(now() + least(${onSuccessGrace} * 2 ^ least(tries, 10), interval '20 minutes'),
        greatest(${lastChance}, now() + interval '1 minute'))`,
    })
    .where("user_id", "=", user_id)
    .where("id", "=", id)
    .where("status", "!=", "closed")
    .execute();
}

/** A step failed that may succeed later: retries in `ms`, doubling up to ten minutes. */
export async function retryLater(db: Db, { user_id, id }: LinkKey, ms: number): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set({
      tries: sql<number>`tries + 1`,
      due_at: sql<Date>`now() + least(${ms} * interval '1 millisecond' * 2 ^ least(tries, 10),
        interval '10 minutes')`,
    })
    .where("user_id", "=", user_id)
    .where("id", "=", id)
    .where("status", "!=", "closed")
    .execute();
}

/** A row to check. `isOver`: there can be no new result. */
export type DueLink = LinkTokenRow & { isOver: boolean };

/** Returns the rows that are due, the longest waiting first. Deletes closed rows that have expired. */
export async function dueLinks(db: Db, limit: number): Promise<DueLink[]> {
  await db
    .deleteFrom("link_tokens")
    .where((eb) =>
      eb(
        eb.refTuple("user_id", "id"),
        "in",
        eb
          .selectFrom("link_tokens")
          .where("status", "=", "closed")
          .where("due_at", "<=", sql<Date>`now()`)
          .select(["user_id", "id"])
          .limit(10_000)
          .$asTuple("user_id", "id"),
      ),
    )
    .execute();
  return db
    .selectFrom("link_tokens")
    .where("due_at", "<=", sql<Date>`now()`)
    .where("status", "!=", "closed")
    .orderBy("due_at")
    .limit(limit)
    .selectAll()
    .select(sql<boolean>`${lastChance} <= now()`.as("isOver"))
    .execute();
}

/**
 * The user has returned, so their Links become due now, at most once a minute. One that may still be open, or
 * has just ended, is left to its tab.
 */
export async function requestLinkChecks(db: Db, userId: string): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable("link_tokens")
    .set({ due_at: sql<Date>`now()`, asked_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("status", "=", "open")
    .where("finished_at", "is", null)
    .where("created_at", "<=", sql<Date>`now() - ${onSuccessGrace}`)
    .where("due_at", ">", sql<Date>`now()`)
    .where((eb) =>
      eb.or([
        eb("asked_at", "is", null),
        eb("asked_at", "<", sql<Date>`now() - interval '1 minute'`),
      ]),
    )
    .executeTakeFirst();
  if (numUpdatedRows > 0n) await requestLinksPass(db);
}

const newsOfLinks = compiledOnce((db, { userId }: { userId: string }) =>
  db
    .selectFrom("link_tokens")
    .where("user_id", "=", userId)
    .where((eb) =>
      eb.or([
        eb("status", "=", "open"),
        eb.and([eb("outcome", "is not", null), eb("told_at", "is", null)]),
      ]),
    )
    .select(["id", "status", "outcome", "institution_name as bank", "reason", "item_id as itemId"])
    .orderBy("created_at")
    .limit(maxOpen * 2),
);

/** Returns what the user was not notified about yet, and whether a Link of theirs may need a check. */
export async function readLinkNews(
  db: Db,
  userId: string,
): Promise<{ news: LinkNews[]; hasOpen: boolean }> {
  const rows = await newsOfLinks(db, { userId });
  return {
    news: rows.flatMap(({ status, outcome, ...row }) =>
      status === "closed" && outcome !== null ? [{ ...row, outcome }] : [],
    ),
    hasOpen: rows.some(({ status }) => status === "open"),
  };
}

/** Stores that the user was notified. */
export async function markNewsSeen(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set({ told_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .where("outcome", "is not", null)
    .execute();
}

/**
 * Returns which of these Items of Plaid's list this Link may have created. Excludes Items that existed
 * before, that another Link of the user reported, and all while an attempt of the user may be about one of
 * them.
 */
export async function itemsOfLink(
  db: Db,
  link: LinkTokenRow,
  plaidItemIds: string[],
): Promise<Set<string>> {
  if (plaidItemIds.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`
    select listed.id from unnest(${plaidItemIds}::text[]) as listed (id)
    where not exists (
        select from unclaimed_items where user_id = ${link.user_id} and plaid_item_id = listed.id
          and first_seen_at < ${link.created_at})
      and not exists (
        select from link_tokens where user_id = ${link.user_id} and plaid_item_id = listed.id)
      and not exists (
        select from link_attempts where user_id = ${link.user_id}
          and (plaid_item_id = listed.id or created_at >= ${link.created_at}
            and (status = 'started' or reason = 'exchange_lost')))`.execute(db);
  return new Set(rows.map((row) => row.id));
}
