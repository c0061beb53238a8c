import { sql } from "kysely";
import type { Db } from "./client.ts";

/**
 * Returns when Plaid last refused the User APIs to this client; null while it offers them, or before the
 * first call.
 */
export async function userApisRefusedAt(db: Db, client: string): Promise<Date | null> {
  const row = await db
    .selectFrom("plaid_clients")
    .where("client", "=", client)
    .select("user_apis_refused_at as at")
    .executeTakeFirst();
  return row?.at ?? null;
}

/** Returns every client without the User APIs, and when Plaid last refused them. */
export async function refusedClients(db: Db): Promise<{ client: string; at: Date }[]> {
  const rows = await db
    .selectFrom("plaid_clients")
    .where("user_apis_refused_at", "is not", null)
    .select(["client", "user_apis_refused_at as at"])
    .execute();
  return rows as { client: string; at: Date }[];
}

/** Stores that Plaid refuses the User APIs to the client; null that it offers them. */
export async function noteUserApis(db: Db, client: string, refusedAt: Date | null): Promise<void> {
  await db
    .insertInto("plaid_clients")
    .values({ client, user_apis_refused_at: refusedAt })
    .onConflict((conflict) =>
      conflict.column("client").doUpdateSet({ user_apis_refused_at: refusedAt }),
    )
    .execute();
}

/**
 * The minimum users of a step in the first round, which associates existing Items: below 10% of Plaid's rate
 * limit.
 */
const firstStep = 39;

/** One step of the sweep: some users in the order of their ids. */
export interface SweepStep {
  /** Those with an Item here or a user at Plaid, and without a retry time of their own. */
  users: { userId: string; plaidUserId: string | null }[];
  /** The last user id of the step. */
  last: string;
}

/**
 * Returns the users of the sweep's next step; null when the round is done and the next one is not due. The
 * step stays the same until `endSweepStep`. A round is spread over `roundMs`, at a step a minute; the first
 * one may be faster.
 */
export async function nextSweepStep(
  db: Db,
  client: string,
  now: Date,
  roundMs: number,
): Promise<SweepStep | null> {
  await db
    .insertInto("plaid_clients")
    .values({ client })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom("plaid_clients")
    .where("client", "=", client)
    .selectAll()
    .executeTakeFirstOrThrow();
  if (row.swept_to === null) {
    const isDue =
      row.round_began_at === null || now.getTime() - row.round_began_at.getTime() >= roundMs;
    if (!isDue) return null;
    row.swept_to = "00000000-0000-0000-0000-000000000000";
    row.round_step = Math.max(row.rounds === 0 ? firstStep : 1, await stepOf(db, roundMs));
    const { swept_to, round_step } = row;
    await db
      .updateTable("plaid_clients")
      .set({ round_began_at: now, swept_to, round_step })
      .where("client", "=", client)
      .execute();
  }
  const { rows } = await sql<{
    userId: string;
    plaidUserId: string | null;
    hasItems: boolean;
    isDue: boolean;
  }>`
    select step.id as "userId", plaid_users.plaid_user_id as "plaidUserId",
      exists (select from items where items.user_id = step.id) as "hasItems",
      (step.deleted_at is not null or plaid_users.due_at is not null) as "isDue"
    from (
      select id, deleted_at from users where id > ${row.swept_to} order by id limit ${row.round_step}
    ) step
    left join plaid_users on plaid_users.user_id = step.id and plaid_users.client = ${client}
    order by step.id`.execute(db);
  const last = rows.at(-1);
  if (!last) {
    await db
      .updateTable("plaid_clients")
      .set(({ eb }) => ({ swept_to: null, rounds: eb("rounds", "+", 1) }))
      .where("client", "=", client)
      .execute();
    return null;
  }
  return {
    // A user that failed in this step has its own retry time, so it does not delay the others.
    users: rows.filter((row) => !row.isDue && (row.plaidUserId !== null || row.hasItems)),
    last: last.userId,
  };
}

/** The share of a round that its steps are spread over. A seventh is left for when Plaid is unavailable. */
const spread = 6 / 7;

async function stepOf(db: Db, roundMs: number): Promise<number> {
  const { users } = await db
    .selectFrom("users")
    .select(({ fn }) => fn.countAll<string>().as("users"))
    .executeTakeFirstOrThrow();
  return Math.ceil(Number(users) / ((roundMs / 60_000) * spread));
}

/** Stores that the users up to `last` are done. */
export async function endSweepStep(db: Db, client: string, last: string): Promise<void> {
  await db
    .updateTable("plaid_clients")
    .set({ swept_to: last })
    .where("client", "=", client)
    .execute();
}
