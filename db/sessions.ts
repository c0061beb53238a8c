import { type Selectable, sql } from "kysely";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import type { SessionsTable } from "./schema.ts";

/** A session without its token, because the token is all that is needed to use the session. */
export type SessionRow = Omit<Selectable<SessionsTable>, "token" | "user_id" | "proved_at">;

/** Returns the user's sessions that have not expired, the most recently used first. */
export async function listSessions(db: Db, userId: string, now: Date): Promise<SessionRow[]> {
  return db
    .selectFrom("sessions")
    .select(["id", "ip_address", "user_agent", "created_at", "updated_at", "expires_at"])
    .where("user_id", "=", userId)
    .where("expires_at", ">", now)
    .orderBy("updated_at", "desc")
    .orderBy("id")
    .execute();
}

/**
 * Ends one session of the user and every stream opened with it. Returns false when they have no such session.
 */
export async function deleteSession(db: Db, userId: string, id: string): Promise<boolean> {
  const result = await db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where((eb) => eb(eb.cast<string>("id", "text"), "=", id))
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Ends the session with this token, of any user. Does nothing when there is none. */
export async function deleteSessionWithToken(db: Db, token: string): Promise<void> {
  await db.deleteFrom("sessions").where("token", "=", token).execute();
}

/** Ends all of the user's sessions but the newest `kept`. */
export async function deleteOldestSessions(db: Db, userId: string, kept: number): Promise<void> {
  await db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where("id", "in", (eb) =>
      eb
        .selectFrom("sessions")
        .select("sessions.id")
        .where("user_id", "=", userId)
        .orderBy("created_at", "desc")
        .orderBy("id")
        .offset(kept),
    )
    .execute();
}

/** Deletes expired sessions, at most 1,000: the sweep runs again within a minute. */
export async function deleteExpiredSessions(db: Db): Promise<void> {
  await db
    .deleteFrom("sessions")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("id", "user_id"),
        "in",
        selectFrom("sessions")
          .select(["sessions.id", "sessions.user_id"])
          .where("expires_at", "<", sql<Date>`now()`)
          .limit(1_000)
          .$asTuple("id", "user_id"),
      ),
    )
    .execute();
}

/** Ends every session of the user. */
export async function deleteAllSessions(db: Db, userId: string): Promise<void> {
  await db.deleteFrom("sessions").where("user_id", "=", userId).execute();
}

/** Ends every session of the user but `kept`. Returns how many there were. */
export async function deleteOtherSessions(db: Db, userId: string, kept: string): Promise<number> {
  const result = await db
    .deleteFrom("sessions")
    .where("user_id", "=", userId)
    .where("id", "!=", kept)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Whether the user proved their identity in this session within so many milliseconds. */
export async function hasProof(
  db: Db,
  userId: string,
  id: string,
  withinMs: number,
): Promise<boolean> {
  const row = await db
    .selectFrom("sessions")
    .select("id")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .where("proved_at", ">", sql<Date>`now() - ${withinMs} * interval '1 millisecond'`)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Stores that the user has just proved their identity in this session. Returns when; null when the session
 * has ended.
 */
export async function recordProof(db: Db, userId: string, id: string): Promise<Date | null> {
  const row = await db
    .updateTable("sessions")
    .set({ proved_at: sql<Date>`now()` })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("proved_at")
    .executeTakeFirst();
  return row?.proved_at ?? null;
}

/** Withdraws the proofs in all of the user's sessions but `kept`. */
export async function endOtherProofs(db: Db, userId: string, kept: string): Promise<void> {
  await db
    .updateTable("sessions")
    .set({ proved_at: null })
    .where("user_id", "=", userId)
    .where("id", "!=", kept)
    .where("proved_at", "is not", null)
    .execute();
}

/**
 * Returns the session with this token and its user, in one round trip: the data version is from the same
 * snapshot (I5). Null when there is none, or the user was deleted.
 */
export async function findSession(db: Db, token: string) {
  const [row] = await sessionOfToken(db, { token });
  return row ?? null;
}

const sessionOfToken = compiledOnce((db, { token }: { token: string }) =>
  db
    .selectFrom("sessions")
    .innerJoin("users", "users.id", "sessions.user_id")
    .where("sessions.token", "=", token)
    .where("users.deleted_at", "is", null)
    .where("users.disabled_at", "is", null)
    .select([
      "sessions.id as sessionId",
      "sessions.created_at as createdAt",
      "sessions.expires_at as expiresAt",
      "users.id",
      "users.name",
      sql<string>`coalesce(users.claimed_email, users.email)`.as("email"),
      "users.email_verified as emailVerified",
      "users.plan",
      "users.data_version as dataVersion",
    ]),
);
