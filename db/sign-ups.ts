import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import type { Db } from "./client.ts";

/** A new user. `email` is in lowercase. */
export interface NewUser {
  name: string;
  email: string;
  passwordHash: string;
  /** The address counts only once it is confirmed. Until then others may sign up with it too. */
  claimed: boolean;
  verified: boolean;
  /** The free plan by default. */
  plan?: string | undefined;
}

/** An address that cannot exist, for a user whose address is only claimed. */
const unconfirmed = (name: string) => `${name}@unconfirmed.invalid`;

/** Adds a user who has an address or claims one. Returns their id; null when another user has it. */
export async function insertUser(
  db: Db,
  { name, email, passwordHash, claimed, verified, plan }: NewUser,
): Promise<string | null> {
  const row = await db
    .with("added", (cte) =>
      cte
        .insertInto("users")
        .values({
          name,
          email: claimed ? unconfirmed(randomUUID()) : email,
          claimed_email: claimed ? email : null,
          email_verified: verified,
          image: null,
          ...(plan !== undefined && { plan }),
        })
        .onConflict((conflict) => conflict.column("email").doNothing())
        .returning("id"),
    )
    .insertInto("credentials")
    .columns(["user_id", "account_id", "provider_id", "password"])
    .expression((eb) =>
      eb
        .selectFrom("added")
        .select((s) => [
          "added.id",
          sql<string>`added.id::text`.as("account_id"),
          s.val("credential").as("provider_id"),
          s.val(passwordHash).as("password"),
        ]),
    )
    .returning("user_id")
    .executeTakeFirst();
  return row?.user_id ?? null;
}

/**
 * Returns the email under which better-auth knows the newest user who claims this address. If there is none,
 * returns an address that cannot exist, so that a log-in takes equally long.
 */
export async function findClaimant(db: Db, email: string): Promise<string> {
  const row = await db
    .selectFrom("users")
    .select("email")
    .where("claimed_email", "=", email.toLowerCase())
    .where("deleted_at", "is", null)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.email ?? unconfirmed("nobody");
}

/**
 * Returns the user who gets mail for this address: its user, else the newest who claims it; null when there
 * is neither.
 */
export async function findAddressee(db: Db, email: string): Promise<string | null> {
  const row = await db
    .selectFrom("users")
    .select("id")
    .where("deleted_at", "is", null)
    .where((eb) =>
      eb.or([eb("email", "=", email.toLowerCase()), eb("claimed_email", "=", email.toLowerCase())]),
    )
    .orderBy("claimed_email", (order) => order.asc().nullsFirst())
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Marks the address of one of our own users, such as the demo's, as confirmed. */
export async function markVerified(db: Db, email: string): Promise<void> {
  await db
    .updateTable("users")
    .set({ email_verified: true })
    .where("email", "=", email)
    .where("email_verified", "=", false)
    .execute();
}

/** The state of a user's address. */
export interface AddressOfUser {
  /** The one they use: claimed, until it is confirmed. */
  email: string;
  verified: boolean;
  claimed: boolean;
}

export async function findAddress(db: Db, userId: string): Promise<AddressOfUser | null> {
  const row = await db
    .selectFrom("users")
    .select(["email", "claimed_email", "email_verified"])
    .where("id", "=", userId)
    .where("deleted_at", "is", null)
    .executeTakeFirst();
  if (!row) return null;
  return {
    email: row.claimed_email ?? row.email,
    verified: row.email_verified,
    claimed: row.claimed_email !== null,
  };
}

/**
 * Gives the user an address that they have just proved, and ends all other claims to it. Returns false when
 * another user has it. Lock the user first.
 */
export async function giveAddress(tx: Db, userId: string, email: string): Promise<boolean> {
  // One at a time for each address: two users who confirm it at once must not both pass the check.
  await sql`select pg_advisory_xact_lock(hashtextextended('address ' || ${email}, 0))`.execute(tx);
  const other = await tx
    .selectFrom("users")
    .select("id")
    .where("email", "=", email)
    .where("id", "!=", userId)
    .executeTakeFirst();
  if (other) return false;
  await tx
    .updateTable("users")
    .set({
      email,
      claimed_email: null,
      email_verified: true,
      updated_at: sql<Date>`now()`,
    })
    .where("id", "=", userId)
    .execute();
  await tx
    .deleteFrom("users")
    .where("claimed_email", "=", email)
    .where("id", "!=", userId)
    .execute();
  return true;
}

/** Deletes users who have not confirmed their address within `days`, at most 1,000. Returns how many. */
export async function dropUnconfirmedUsers(db: Db, days: number): Promise<number> {
  const result = await db
    .deleteFrom("users")
    .where("id", "in", (eb) =>
      eb
        .selectFrom("users as old")
        .select("old.id")
        .where("old.claimed_email", "is not", null)
        .where("old.created_at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
        // Such users have no attempts. If one did, its row must stay until its Item is removed at Plaid.
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("link_attempts")
                .select("link_attempts.id")
                .whereRef("link_attempts.user_id", "=", "old.id"),
            ),
          ),
        )
        .limit(1_000),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
