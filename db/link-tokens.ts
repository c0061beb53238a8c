import { sql } from "kysely";
import type { LinkKind } from "../server/contracts/connect.ts";
import type { LinkNews, LinkOutcome } from "../server/contracts/link-news.ts";
import type { Db } from "./client.ts";
import { askForLinksPass } from "./jobs.ts";
import type { LinkTokenRow } from "./schema.ts";
import { raiseDataVersion } from "./users.ts";

/** The key of a row: our ids. */
export type LinkKey = Pick<LinkTokenRow, "user_id" | "id">;

/** `onSuccess` is given so long, from the end of Link on, before anything is done without it. */
export const onSuccessGrace = sql`interval '5 minutes'`;
/** A public_token that came of a link_token in its last minute lives so long. */
const publicTokenLife = sql`interval '30 minutes'`;
/** How long a closed one is kept, for the user's message and for support. */
const keptFor = sql`interval '30 days'`;
/** Links of one user that are looked after at once: the oldest of more is dropped. */
const mostOpen = 10;

/**
 * Keeps the link_token that the user opens Link with, encrypted for this row and, where nodes of the release
 * before look for the last one, for the user.
 */
export async function keepLinkToken(
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
        // No bank returns to us with a hosted one.
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
            .offset(mostOpen - 1),
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

/** The columns of a row whose end is known, and of which the user has to be told nothing. */
export const closed = {
  status: "closed",
  link_token_sealed: null,
  public_token_sealed: null,
  due_at: sql<Date>`now() + ${keptFor}`,
} as const;

/**
 * What Link did in update mode has reached us. Without a link_token (`hash`) that closes every Link which is
 * open for the Item.
 */
export async function closeUpdateLinks(
  db: Db,
  userId: string,
  { itemId, hash }: { itemId: string; hash: Buffer | null },
): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set(closed)
    .where("user_id", "=", userId)
    .where("item_id", "=", itemId)
    .where("status", "!=", "closed")
    .$if(hash !== null, (query) => query.where("link_token_hash", "=", hash as Buffer))
    .execute();
}

/** The row of a link_token, or null. Plaid says which one, so the user is not known yet. */
export async function findByLinkToken(db: Db, hash: Buffer): Promise<LinkTokenRow | null> {
  const row = await db
    .selectFrom("link_tokens")
    .selectAll()
    .where("link_token_hash", "=", hash)
    .executeTakeFirst();
  return row ?? null;
}

/** What Plaid says that Link has made. */
export interface FinishedSession {
  /** Encrypted for the row; null in update mode, where it is not needed. */
  publicTokenSealed: string | null;
  linkSessionId: string | null;
  institutionId: string | null;
  institutionName: string | null;
}

/**
 * Plaid says that Link was finished. It is looked at in `dueInMs`, unless `onSuccess` reaches us before.
 * Returns the row; null, and changes nothing, when that was known or the Link is over.
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
 * Begins to connect what Link has made. Returns false, and changes nothing, when `onSuccess` has reached us
 * after all: an attempt has the public_token.
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
  /** Our Item that came of it. */
  itemId?: string | null;
  plaidItemId?: string | null;
}

/** It is over; with `end` the user has to be told. Does nothing when `onSuccess` has reached us meanwhile. */
export async function closeLink(db: Db, link: LinkKey, end: LinkEnd | null): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const ended = await tx
      .updateTable("link_tokens")
      .set({
        ...closed,
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

/** SQL: when nothing more can come of a link_token. */
const lastChance = sql`(expires_at + ${publicTokenLife})`;

/**
 * Plaid knows of no end yet: the next time is later, doubling up to 20 minutes, so that a public_token is found
 * while it lives; the last one when nothing more can come.
 */
export async function askLater(db: Db, { user_id, id }: LinkKey): Promise<void> {
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

/** A step failed that may succeed later: in `ms`, doubling up to ten minutes. */
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

/** A row to look at; `isOver`: nothing more can come of it. */
export type DueLink = LinkTokenRow & { isOver: boolean };

/** Those to look at now, the longest waiting first; closed ones whose time is over are deleted. */
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
 * The user is back: what became of their Links is looked at now, once a minute at most. One that may be
 * open still, or has just ended, is left to its tab.
 */
export async function lookAtLinks(db: Db, userId: string): Promise<void> {
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
  if (numUpdatedRows > 0n) await askForLinksPass(db);
}

/** What the user has not been told yet, and whether a Link of theirs may have to be looked at. */
export async function readLinkNews(
  db: Db,
  userId: string,
): Promise<{ news: LinkNews[]; hasOpen: boolean }> {
  const rows = await db
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
    .limit(mostOpen * 2)
    .execute();
  return {
    news: rows.flatMap(({ status, outcome, ...row }) =>
      status === "closed" && outcome !== null ? [{ ...row, outcome }] : [],
    ),
    hasOpen: rows.some(({ status }) => status === "open"),
  };
}

/** The user has been told. */
export async function markTold(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("link_tokens")
    .set({ told_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .where("outcome", "is not", null)
    .execute();
}

/**
 * Which of these Items of Plaid's list may have come of this Link: not those that were there before, that
 * another Link of the user was told of, or while an attempt of the user may be about one of them.
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
