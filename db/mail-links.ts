import { createHash, randomBytes } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import type { MailLinksTable } from "./schema.ts";

export type LinkPurpose = MailLinksTable["purpose"];

/** A link, found by its token. */
export type MailLink = Pick<Selectable<MailLinksTable>, "user_id" | "email"> & {
  state: "good" | "used" | "expired";
};

/** SHA-256 and nothing slower: the token is 256 random bits. */
const hashOf = (token: string) => createHash("sha256").update(token).digest();

/**
 * Creates a link for the user that works once within `lifetimeMs`. Returns its token, of which only the hash
 * is stored. Earlier links of this purpose stop working: a user has one link to reset the password, and links
 * to confirm one address at a time.
 */
export async function makeMailLink(
  db: Db,
  userId: string,
  { purpose, email, lifetimeMs }: { purpose: LinkPurpose; email: string; lifetimeMs: number },
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await db.transaction().execute(async (tx) => {
    // Two concurrent jobs must not leave two links.
    await sql`select pg_advisory_xact_lock(hashtextextended('mail links ' || ${userId}, 0))`.execute(
      tx,
    );
    await tx
      .deleteFrom("mail_links")
      .where("user_id", "=", userId)
      .where("purpose", "=", purpose)
      .where("used_at", "is", null)
      .$if(purpose === "confirm_email", (query) => query.where("email", "!=", email))
      .execute();
    await tx
      .insertInto("mail_links")
      .values({
        token_hash: hashOf(token),
        user_id: userId,
        purpose,
        email,
        expires_at: sql<Date>`now() + ${lifetimeMs} * interval '1 millisecond'` as never,
      })
      .execute();
  });
  return token;
}

/** Returns the link with this token and whether it still works; null when there is none. */
export async function findMailLink(
  db: Db,
  purpose: LinkPurpose,
  token: string,
): Promise<MailLink | null> {
  const row = await db
    .selectFrom("mail_links")
    .innerJoin("users", "users.id", "mail_links.user_id")
    .select((eb) => [
      "mail_links.user_id",
      "mail_links.email",
      eb
        .case()
        .when("used_at", "is not", null)
        .then("used" as const)
        .when("expires_at", "<=", sql<Date>`now()`)
        .then("expired" as const)
        .else("good" as const)
        .end()
        .as("state"),
    ])
    .where("token_hash", "=", hashOf(token))
    .where("purpose", "=", purpose)
    .where("users.deleted_at", "is", null)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Uses up the link, in the transaction of its effect. Returns null when it does not work or was used already.
 */
export async function spendMailLink(
  tx: Db,
  purpose: LinkPurpose,
  token: string,
): Promise<{ userId: string; email: string } | null> {
  const row = await tx
    .updateTable("mail_links")
    .set({ used_at: sql<Date>`now()` })
    .where("token_hash", "=", hashOf(token))
    .where("purpose", "=", purpose)
    .where("used_at", "is", null)
    .where("expires_at", ">", sql<Date>`now()`)
    .returning(["user_id as userId", "email"])
    .executeTakeFirst();
  return row ?? null;
}

/** Deletes the user's unused links, because their address or password has changed. */
export async function endMailLinks(tx: Db, userId: string): Promise<void> {
  await tx
    .deleteFrom("mail_links")
    .where("user_id", "=", userId)
    .where("used_at", "is", null)
    .execute();
}

/** Deletes links that expired more than `days` ago, at most 10,000: the sweep runs again within a minute. */
export async function dropExpiredMailLinks(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("mail_links")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("token_hash", "user_id"),
        "in",
        selectFrom("mail_links")
          .select(["mail_links.token_hash", "mail_links.user_id"])
          .where("expires_at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("token_hash", "user_id"),
      ),
    )
    .execute();
}
