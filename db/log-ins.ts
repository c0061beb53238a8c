import { sql } from "kysely";
import type { LogIn } from "../server/contracts/session.ts";
import type { Db } from "./client.ts";

/** Of one person and outcome: many wrong tries do not push the log-in that succeeded off the list. */
const kept = 50;

/**
 * Writes down how a log-in with this email ended, and drops what is older than the newest 50 of its
 * kind. The same statement for an email that nobody has: it writes nothing.
 */
export async function recordLogIn(
  db: Db,
  email: string,
  { outcome, address, userAgent }: Omit<LogIn, "id" | "at">,
): Promise<void> {
  await db
    .with("person", (cte) =>
      cte
        .selectFrom("users")
        .select("id")
        .where("email", "=", email.toLowerCase())
        .where("deleted_at", "is", null),
    )
    .with("superseded", (cte) =>
      cte
        .deleteFrom("log_ins")
        .where("user_id", "in", (eb) => eb.selectFrom("person").select("person.id"))
        .where("id", "in", (eb) =>
          eb
            .selectFrom("log_ins")
            .select("log_ins.id")
            .where("user_id", "in", eb.selectFrom("person").select("person.id"))
            .where("outcome", "=", outcome)
            .orderBy("at", "desc")
            .orderBy("id")
            .offset(kept - 1),
        ),
    )
    .insertInto("log_ins")
    .columns(["user_id", "outcome", "ip_address", "user_agent"])
    .expression((eb) =>
      eb
        .selectFrom("person")
        .select((s) => [
          "person.id",
          s.val(outcome).as("outcome"),
          s.val(address).as("ip_address"),
          s.val(userAgent).as("user_agent"),
        ]),
    )
    .execute();
}

/** The person's log-ins and others' tries, newest first. */
export async function listLogIns(db: Db, userId: string): Promise<LogIn[]> {
  const rows = await db
    .selectFrom("log_ins")
    .select(["id", "at", "outcome", "ip_address as address", "user_agent as userAgent"])
    .where("user_id", "=", userId)
    .orderBy("at", "desc")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** Deletes log-ins older than `days`, 10,000 at most: whoever calls it comes again within a minute. */
export async function dropOldLogIns(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("log_ins")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("user_id", "at", "id"),
        "in",
        selectFrom("log_ins")
          .select(["log_ins.user_id", "log_ins.at", "log_ins.id"])
          .where("at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("user_id", "at", "id"),
      ),
    )
    .execute();
}
