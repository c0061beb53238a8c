import { createHash, randomBytes } from "node:crypto";
import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import type { MailLinksTable } from "./schema.ts";

export type LinkPurpose = MailLinksTable["purpose"];

/** A link whose token somebody showed. */
export type MailLink = Pick<Selectable<MailLinksTable>, "user_id" | "email"> & {
  state: "good" | "used" | "expired";
};

/** SHA-256 and nothing slower: the token is 256 random bits. */
const hashOf = (token: string) => createHash("sha256").update(token).digest();

/**
 * Makes a link for the user that works once within `lifetimeMs`, and returns its token, of which only the
 * hash is kept. Earlier links of this purpose no longer work: one that resets the password is the only one, and
 * links that confirm an address are for one address at a time.
 */
export async function makeMailLink(
  db: Db,
  userId: string,
  { purpose, email, lifetimeMs }: { purpose: LinkPurpose; email: string; lifetimeMs: number },
): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await db.transaction().execute(async (tx) => {
    // Two jobs at once must not leave two links.
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

/** The link of this token, and whether it still works; null when there is none. */
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

/** Uses the link up, in the transaction of what it does. Null when it does not work, or another was first. */
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

/** Ends the user's links that were not used: the address or password they were for is another by now. */
export async function endMailLinks(tx: Db, userId: string): Promise<void> {
  await tx
    .deleteFrom("mail_links")
    .where("user_id", "=", userId)
    .where("used_at", "is", null)
    .execute();
}

/** Deletes links that expired more than `days` ago, 10,000 at most: the sweep comes again within a minute. */
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
