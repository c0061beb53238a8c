import { type Insertable, sql, type UpdateObject } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import type { KnownAccount } from "../server/connect/duplicates.ts";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import { knownAccounts } from "./items.ts";
import type { Database, LinkAttemptRow, LinkAttemptsTable } from "./schema.ts";

/** Why an attempt ended without a connection: a reason of `contracts/errors.ts` and its details. */
export interface AttemptReason {
  reason: string;
  details: unknown;
}

/** An attempt as `connectAccount` takes it up. */
export interface TakenUp {
  id: string;
  /** The sealed public_token that this request made it with; null when the attempt was there already. */
  madeWith: string | null;
}

/**
 * The user's attempt for this public_token: the one already there, or `attempt` as a new `started`
 * one. Null when the token was sent before by another user. `leaveFor`: milliseconds that the
 * recovery leaves a new one alone.
 */
export async function startAttempt(
  db: Db,
  userId: string,
  attempt: {
    id: string;
    publicTokenHash: Buffer;
    publicTokenSealed: string;
    connectAnyway: boolean;
  },
  leaveFor: number,
): Promise<TakenUp | null> {
  const [made] = await newAttempt(db, {
    id: attempt.id,
    user_id: userId,
    public_token_hash: attempt.publicTokenHash,
    public_token_sealed: attempt.publicTokenSealed,
    connect_anyway: attempt.connectAnyway,
    retry_at: new Date(Date.now() + leaveFor),
  });
  if (made) return { id: made.id, madeWith: attempt.publicTokenSealed };
  const found = await db
    .selectFrom("link_attempts")
    .where("public_token_hash", "=", attempt.publicTokenHash)
    .where("user_id", "=", userId)
    .select("id")
    .executeTakeFirst();
  return found ? { id: found.id, madeWith: null } : null;
}

type NewAttempt = Required<
  Pick<
    Insertable<LinkAttemptsTable>,
    "id" | "user_id" | "public_token_hash" | "public_token_sealed" | "connect_anyway" | "retry_at"
  >
>;

const newAttempt = compiledOnce((db, attempt: NewAttempt) => {
  const { id, user_id, public_token_hash, public_token_sealed, connect_anyway, retry_at } = attempt;
  return db
    .insertInto("link_attempts")
    .values({ id, user_id, public_token_hash, public_token_sealed, connect_anyway, retry_at })
    .onConflict((conflict) => conflict.column("public_token_hash").doNothing())
    .returning("id");
});

/** What the connecting transaction decides on, in one statement. */
export interface ConnectState {
  attempt: LinkAttemptRow;
  /** Every live account of the user. */
  accounts: KnownAccount[];
}

/** Read under the user's lock, where nobody else is changing either. */
export async function readConnectState(tx: Db, userId: string, id: string): Promise<ConnectState> {
  const [row] = await connectState(tx, { userId, id });
  if (!row) throw new Error("no such attempt");
  const { accounts, ...attempt } = row;
  return { attempt, accounts };
}

const connectState = compiledOnce((tx, { userId, id }: { userId: string; id: string }) =>
  tx
    .selectFrom("link_attempts")
    .selectAll()
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .select(jsonArrayFrom(knownAccounts(tx, userId)).as("accounts")),
);

/**
 * Before the exchange is sent by anybody but the request that made the attempt: keeps the public_token
 * (again, where `forgetPublicToken` dropped it), and that it was sent.
 */
export async function keepPublicToken(
  db: Db,
  userId: string,
  id: string,
  sent: { publicTokenSealed: string; connectAnyway: boolean },
  leaveFor: number,
): Promise<void> {
  await update(db, userId, id, {
    public_token_sealed: sent.publicTokenSealed,
    connect_anyway: sent.connectAnyway,
    sent_again: true,
    retry_at: new Date(Date.now() + leaveFor),
  }).execute();
}

/**
 * The exchange certainly did not happen: the person may send the token again until it expires.
 * `sealed` is what this run put there: when another is sending the token meanwhile, its own stays.
 */
export async function forgetPublicToken(
  db: Db,
  userId: string,
  id: string,
  sealed: string,
  expiresIn: number,
): Promise<void> {
  await update(db, userId, id, {
    public_token_sealed: null,
    sent_again: false,
    retry_at: new Date(Date.now() + expiresIn),
  })
    .where("status", "=", "started")
    .where("public_token_sealed", "=", sealed)
    .execute();
}

/**
 * Keeps the sealed token of a fresh exchange, whatever state the attempt is in: from here on the
 * Item can be found again. Committed on its own, outside the connecting transaction.
 */
export async function keepExchange(
  db: Db,
  userId: string,
  id: string,
  exchange: { accessTokenSealed: string; plaidItemId: string },
): Promise<void> {
  await update(db, userId, id, {
    status: "exchanged",
    public_token_sealed: null,
    access_token_sealed: exchange.accessTokenSealed,
    plaid_item_id: exchange.plaidItemId,
    reason: null,
    reason_details: null,
    tries: 0,
    retry_at: new Date(),
  }).execute();
}

/**
 * Gives an exchanged attempt up: its Item is now to be removed at Plaid. Returns false when it is
 * no longer `exchanged`, which is how a commit whose answer was lost shows itself.
 */
export async function markRemoving(
  db: Db,
  userId: string,
  id: string,
  why: AttemptReason,
): Promise<boolean> {
  const result = await update(db, userId, id, {
    status: "removing",
    ...asColumns(why),
    tries: 0,
    retry_at: new Date(),
  })
    .where("status", "=", "exchanged")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Why an attempt that was `connected` is so no more. */
export const disconnected = "disconnected";

/**
 * Takes the token of one Item of the user (without `id`, of every one) into the attempt that made it:
 * the Item is now to be removed at Plaid, and its row may go.
 */
export async function markDisconnected(
  tx: Db,
  userId: string,
  id?: string,
): Promise<{ id: string; access_token_sealed: string }[]> {
  return tx
    .updateTable("link_attempts")
    .from("items")
    .set((eb) => ({
      status: "removing" as const,
      access_token_sealed: eb.ref("items.access_token_sealed"),
      reason: disconnected,
      reason_details: null,
      tries: 0,
      retry_at: new Date(),
      updated_at: new Date(),
    }))
    .whereRef("items.id", "=", "link_attempts.id")
    .where("items.user_id", "=", userId)
    .where("link_attempts.user_id", "=", userId)
    .$if(id !== undefined, (query) => query.where("items.id", "=", id as string))
    .returning(["items.id", "items.access_token_sealed"])
    .execute();
}

/** The Item of a `removing` attempt is gone at Plaid: the token is forgotten. */
export async function markRemoved(db: Db, userId: string, id: string): Promise<void> {
  await update(db, userId, id, { status: "failed", access_token_sealed: null })
    .where("status", "=", "removing")
    .execute();
}

/**
 * Ends an attempt that holds no Item: its public_token will get this answer from now on. Returns
 * false when it is no longer `started`.
 */
export async function markFailed(
  db: Db,
  userId: string,
  id: string,
  why: AttemptReason,
): Promise<boolean> {
  const result = await update(db, userId, id, {
    status: "failed",
    public_token_sealed: null,
    ...asColumns(why),
  })
    .where("status", "=", "started")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Unfinished attempts that nobody works on any more, the longest waiting first. */
export async function dueAttempts(db: Db, limit: number): Promise<LinkAttemptRow[]> {
  return db
    .selectFrom("link_attempts")
    .selectAll()
    .where("status", "in", unfinished)
    .where("retry_at", "<=", sql<Date>`now()`)
    .orderBy("retry_at")
    .limit(limit)
    .execute();
}

/** Another try in vain: the next one after 30 s, doubling up to an hour. */
export async function postpone(db: Db, userId: string, id: string): Promise<void> {
  await update(db, userId, id, {
    tries: sql<number>`tries + 1`,
    retry_at: sql<Date>`now() + least(interval '30 seconds' * 2 ^ least(tries, 10), interval '1 hour')`,
  })
    .where("status", "in", unfinished)
    .execute();
}

/** An attempt as an operator sees it: no token, sealed or not. */
export interface AttemptAtWork {
  id: string;
  user_id: string;
  status: LinkAttemptRow["status"];
  reason: string | null;
  plaid_item_id: string | null;
  tries: number;
  retry_at: Date;
  created_at: Date;
}

/** Every unfinished attempt, and those whose exchange was lost, oldest first. */
export async function listAttemptsAtWork(db: Db): Promise<AttemptAtWork[]> {
  return db
    .selectFrom("link_attempts")
    .select([
      "id",
      "user_id",
      "status",
      "reason",
      "plaid_item_id",
      "tries",
      "retry_at",
      "created_at",
    ])
    .where((eb) => eb.or([eb("status", "in", unfinished), eb("reason", "=", "exchange_lost")]))
    .orderBy("created_at")
    .execute();
}

/** How many attempts are unfinished, by status; a removal that failed `stuckAfter` times is `stuck`. */
export async function countUnfinished(
  db: Db,
  stuckAfter: number,
): Promise<Record<(typeof unfinished)[number] | "stuck", number>> {
  const counts = { started: 0, exchanged: 0, removing: 0, stuck: 0 };
  const rows = await db
    .selectFrom("link_attempts")
    .where("status", "in", unfinished)
    .select(({ fn }) => [
      sql<keyof typeof counts>`case when status = 'removing' and tries >= ${stuckAfter}
        then 'stuck' else status end`.as("state"),
      fn.countAll<string>().as("attempts"),
    ])
    .groupBy("state")
    .execute();
  for (const { state, attempts } of rows) counts[state] = Number(attempts);
  return counts;
}

const unfinished = ["started", "exchanged", "removing"] as const;

function asColumns({ reason, details }: AttemptReason) {
  return { reason, reason_details: details === undefined ? null : JSON.stringify(details) };
}

function update(
  db: Db,
  userId: string,
  id: string,
  values: UpdateObject<Database, "link_attempts", "link_attempts">,
) {
  return db
    .updateTable("link_attempts")
    .set({ ...values, updated_at: new Date() })
    .where("id", "=", id)
    .where("user_id", "=", userId);
}
