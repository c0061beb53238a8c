import { sql } from "kysely";
import { jsonArrayFrom } from "kysely/helpers/postgres";
import type { AccountTraits } from "./account-traits.ts";
import type { Db } from "./client.ts";
import { compiledOnce } from "./compiled-once.ts";
import { type KnownAccount, knownAccounts } from "./known-accounts.ts";
import { closedColumns } from "./link-tokens.ts";
import type { LinkAttemptRow } from "./schema.ts";
import { isLostExchange } from "./unclaimed-items.ts";
import { type UnconnectedAccount, unconnectedAccounts } from "./unconnected-accounts.ts";

/** Why an attempt ended without a connection: a reason of `contracts/errors.ts` and its details. */
export interface AttemptReason {
  reason: string;
  details: unknown;
}

export type AttemptStatus = LinkAttemptRow["status"];

/** A guarded change of an attempt. `server/connect/attempt.ts` lists them all. */
export interface Transition {
  /** The new status for each current status. Any other status refuses the transition. */
  status: Partial<Record<AttemptStatus, AttemptStatus>>;
  /** Whose mark the attempt may have; undefined allows any. `as read`: the mark that the run has read. */
  mark?: "own" | "none or own" | "as read";
  publicToken?: "store" | "clear";
  /** The mark of the run. */
  run?: "store" | "clear";
  accessToken?: "store" | "clear";
  reason?: "store";
  /** The accounts that the user chose. */
  choice?: "store" | "clear";
}

/** The values that a transition stores, as far as it needs them. */
export interface TransitionValues {
  /** The run that performs it. */
  runId?: string;
  /** The mark that the run has read. */
  readRunId?: string | null;
  publicTokenSealed?: string;
  connectAnyway?: boolean;
  chosenAccounts?: AccountTraits[] | null;
  accessTokenSealed?: string;
  plaidItemId?: string;
  plaidClient?: string;
  why?: AttemptReason;
  /** Milliseconds until the recovery may process the attempt. */
  retryInMs?: number;
}

/**
 * Performs a transition of one attempt of the user.
 *
 * @returns the new status; null when the attempt's state refuses the transition, or it does not exist
 */
export async function moveAttempt(
  db: Db,
  { userId, id }: { userId: string; id: string },
  transition: Transition,
  values: TransitionValues = {},
): Promise<AttemptStatus | null> {
  let statement = statements.get(transition);
  if (!statement) {
    statement = compiledOnce((tx, given: MoveValues) => moveStatement(tx, transition, given));
    statements.set(transition, statement);
  }
  const { why, retryInMs = 0, runId = null, readRunId = null, ...stored } = values;
  const [moved] = await statement(db, {
    ...{ userId, id, runId, readRunId, retryInMs },
    publicTokenSealed: stored.publicTokenSealed ?? null,
    connectAnyway: stored.connectAnyway ?? false,
    chosenAccounts: toJson(stored.chosenAccounts),
    accessTokenSealed: stored.accessTokenSealed ?? null,
    plaidItemId: stored.plaidItemId ?? null,
    plaidClient: stored.plaidClient ?? null,
    reason: why?.reason ?? null,
    details: toJson(why?.details),
  });
  return moved?.status ?? null;
}

const toJson = (value: unknown) => (value == null ? null : JSON.stringify(value));

interface MoveValues {
  userId: string;
  id: string;
  runId: string | null;
  readRunId: string | null;
  retryInMs: number;
  publicTokenSealed: string | null;
  connectAnyway: boolean;
  chosenAccounts: string | null;
  accessTokenSealed: string | null;
  plaidItemId: string | null;
  plaidClient: string | null;
  reason: string | null;
  details: string | null;
}

const statements = new WeakMap<
  Transition,
  (db: Db, values: MoveValues) => Promise<{ status: AttemptStatus }[]>
>();

function moveStatement(db: Db, transition: Transition, values: MoveValues) {
  return db
    .updateTable("link_attempts")
    .set(moved(transition))
    .$if(transition.publicToken === "store", (query) =>
      query.set({
        public_token_sealed: values.publicTokenSealed,
        connect_anyway: values.connectAnyway,
      }),
    )
    .$if(transition.choice === "store", (query) =>
      query.set({ chosen_accounts: values.chosenAccounts }),
    )
    .$if(transition.run === "store", (query) => query.set({ run_id: values.runId }))
    .$if(transition.accessToken === "store", (query) =>
      query.set({
        access_token_sealed: values.accessTokenSealed,
        plaid_item_id: values.plaidItemId,
        plaid_client: values.plaidClient,
      }),
    )
    .$if(transition.reason === "store", (query) =>
      query.set({ reason: values.reason, reason_details: values.details }),
    )
    .set({ retry_at: sql<Date>`now() + ${values.retryInMs} * interval '1 millisecond'` })
    .where("id", "=", values.id)
    .where("user_id", "=", values.userId)
    .where("status", "in", from(transition))
    .$if(transition.mark === "as read", (query) =>
      query.where("run_id", "is not distinct from", values.readRunId),
    )
    .$if(transition.mark === "own", (query) => query.where("run_id", "=", values.runId))
    .$if(transition.mark === "none or own", (query) =>
      query.where((eb) =>
        eb.or([
          eb("run_id", "=", values.runId),
          eb.and([eb("run_id", "is", null), eb("sent_again", "=", false)]),
        ]),
      ),
    )
    .returning("status");
}

/** Returns the stored statuses that a transition starts from. */
function from({ status }: Transition): AttemptStatus[] {
  return Object.keys(status) as AttemptStatus[];
}

/** The columns of a transition whose new value is the same for every attempt. */
function moved({ status, publicToken, run, accessToken, choice }: Transition) {
  const [[before, after] = [], ...others] = Object.entries(status);
  const isSame = before === after && others.length === 0;
  return {
    status: others.length
      ? sql<AttemptStatus>`case link_attempts.status ${sql.join(
          Object.entries(status).map(
            ([left, entered]) => sql`when ${sql.lit(left)} then ${sql.lit(entered)}`,
          ),
          sql` `,
        )} end`
      : sql<AttemptStatus>`${sql.lit(after)}`,
    ...(publicToken === "clear" && { public_token_sealed: null }),
    ...(accessToken === "clear" && { access_token_sealed: null }),
    ...(choice === "clear" && { chosen_accounts: null }),
    // Nodes of the previous release read `sent_again` where this one reads `run_id`.
    ...(run === "store" && { sent_again: true }),
    ...(run === "clear" && { run_id: null, sent_again: false }),
    ...(!isSame && { tries: 0 }),
    updated_at: sql<Date>`now()`,
  };
}

/**
 * Records a public_token before anything is sent, or finds the attempt that has it. The Link that created it
 * names the attempt from now on, and is closed unless `finish-link.ts` will do that.
 *
 * @returns the attempt's id; null when another user sent the public_token before
 */
export async function recordAttempt(
  db: Db,
  userId: string,
  attempt: {
    id: string;
    publicTokenHash: Buffer;
    publicTokenSealed: string;
    connectAnyway: boolean;
    linkSessionId: string | null;
    /**
     * The hash of the link_token; null when the request does not send it: then the user's only Link is used.
     */
    linkTokenHash: Buffer | null;
    /** The Link that is being finished without `onSuccess`: it stays open, and names the attempt. */
    foundLinkId: string | null;
    /** Null for all accounts of the bank. */
    chosenAccounts: AccountTraits[] | null;
    /** Milliseconds until the recovery may process it. */
    retryInMs: number;
  },
): Promise<string | null> {
  const [recorded] = await insertAttempt(db, {
    ...attempt,
    userId,
    chosenAccounts: toJson(attempt.chosenAccounts),
  });
  if (recorded) return recorded.id;
  const found = await db
    .selectFrom("link_attempts")
    .where("public_token_hash", "=", attempt.publicTokenHash)
    .where("user_id", "=", userId)
    .select("id")
    .executeTakeFirst();
  return found?.id ?? null;
}

/** A column of the Link with this hash, or of the one that the user opened last. */
const openedWith = (
  { userId, linkTokenHash }: { userId: string; linkTokenHash: Buffer | null },
  column: "notice_version" | "notice_shown_at",
) =>
  sql<never>`(select ${sql.ref(column)} from link_tokens
    where user_id = ${userId} and item_id is null and not is_hosted
      and (link_token_hash = ${linkTokenHash}::bytea or ${linkTokenHash}::bytea is null)
    order by created_at desc limit 1)`;

/** The attempt that has the public_token already, or else the new one. */
const attemptOf = ({
  userId,
  id,
  publicTokenHash,
}: {
  userId: string;
  id: string;
  publicTokenHash: Buffer;
}) =>
  sql<string>`coalesce((select recorded.id from link_attempts as recorded
    where recorded.public_token_hash = ${publicTokenHash} and recorded.user_id = ${userId}), ${id})`;

const insertAttempt = compiledOnce(
  (
    db,
    attempt: Omit<Parameters<typeof recordAttempt>[2], "chosenAccounts"> & {
      userId: string;
      chosenAccounts: string | null;
    },
  ) =>
    db
      .with("link", (cte) =>
        cte
          .updateTable("link_tokens")
          .set({ ...closedColumns, found_item_id: attemptOf(attempt) })
          .where("user_id", "=", attempt.userId)
          .where("status", "!=", "closed")
          .where(
            sql<boolean>`(link_token_hash = ${attempt.linkTokenHash}::bytea
              or ${attempt.linkTokenHash}::bytea is null and status = 'open' and item_id is null and not is_hosted
                and 1 = (select count(*) from link_tokens as others
                  where others.user_id = ${attempt.userId} and others.status = 'open'
                    and others.item_id is null and not others.is_hosted))`,
          ),
      )
      .with("found_link", (cte) =>
        cte
          .updateTable("link_tokens")
          .set({ found_item_id: attemptOf(attempt) })
          .where("user_id", "=", attempt.userId)
          .where("id", "=", attempt.foundLinkId),
      )
      .insertInto("link_attempts")
      .values({
        id: attempt.id,
        user_id: attempt.userId,
        public_token_hash: attempt.publicTokenHash,
        public_token_sealed: attempt.publicTokenSealed,
        connect_anyway: attempt.connectAnyway,
        link_session_id: attempt.linkSessionId,
        notice_version: openedWith(attempt, "notice_version"),
        notice_shown_at: openedWith(attempt, "notice_shown_at"),
        chosen_accounts: attempt.chosenAccounts,
        // The column's default is for nodes of the previous release, which exchange without a mark.
        run_id: null,
        retry_at: sql<Date>`now() + ${attempt.retryInMs} * interval '1 millisecond'`,
      })
      .onConflict((conflict) => conflict.column("public_token_hash").doNothing())
      .returning([
        "id",
        // The mark commits before the exchange is sent, and that commit flushes this one to disk as well.
        sql<string>`set_config('synchronous_commit', 'off', true)`.as("commit"),
      ]),
);

/** Returns one attempt of the user, or null. */
export async function findAttempt(
  db: Db,
  userId: string,
  id: string,
): Promise<LinkAttemptRow | null> {
  const row = await db
    .selectFrom("link_attempts")
    .selectAll()
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row ?? null;
}

const connectingColumns = [
  "id",
  "user_id",
  "status",
  "public_token_sealed",
  "run_id",
  "sent_again",
  "connect_anyway",
  "chosen_accounts",
  "access_token_sealed",
  "plaid_item_id",
  "plaid_client",
  "reason",
  "reason_details",
] as const satisfies (keyof LinkAttemptRow)[];

/** What `connectAccount` needs of an attempt. */
export type ConnectingAttempt = Pick<LinkAttemptRow, (typeof connectingColumns)[number]>;

/** The rows that the connecting transaction decides on, read in one statement. */
export interface ConnectState {
  attempt: ConnectingAttempt;
  /** Every live account of the user. */
  known: (KnownAccount & { plaidItemId: string })[];
  /** Every account that a live Item of the user lists as not connected. */
  unconnected: UnconnectedAccount[];
}

/** Reads them under the user's lock, so no other run can change them. */
export async function readConnectState(tx: Db, userId: string, id: string): Promise<ConnectState> {
  const [row] = await connectState(tx, { userId, id });
  if (!row) throw new Error("no such attempt");
  const { known, unconnected, ...attempt } = row;
  return { attempt, known, unconnected };
}

const connectState = compiledOnce((tx, { userId, id }: { userId: string; id: string }) =>
  tx
    .selectFrom("link_attempts")
    .select(connectingColumns)
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .select(
      jsonArrayFrom(knownAccounts(tx, userId).select("items.plaid_item_id as plaidItemId")).as(
        "known",
      ),
    )
    .select(jsonArrayFrom(unconnectedAccounts(tx, userId)).as("unconnected")),
);

/**
 * Whether an Item of Plaid belongs to another user, or to another attempt of this one. Then the public_token
 * of `id` came from update mode, and the Item is not new.
 */
export async function isItemOfAnother(
  tx: Db,
  { userId, id, plaidItemId }: { userId: string; id: string; plaidItemId: string },
): Promise<boolean> {
  const [found] = await itemOfAnother(tx, { userId, id, plaidItemId });
  return found !== undefined;
}

const itemOfAnother = compiledOnce(
  (tx, { userId, id, plaidItemId }: { userId: string; id: string; plaidItemId: string }) =>
    tx
      .selectFrom("link_attempts")
      .where("user_id", "=", userId)
      .where("plaid_item_id", "=", plaidItemId)
      .where("id", "!=", id)
      .select(sql<number>`1`.as("found"))
      .unionAll(
        tx
          .selectFrom("items")
          .where("plaid_item_id", "=", plaidItemId)
          .where("user_id", "!=", userId)
          .select(sql<number>`1`.as("found")),
      ),
);

/** The columns of an attempt that removing its Item at Plaid needs. */
export type RemovableAttempt = Pick<
  LinkAttemptRow,
  "id" | "user_id" | "plaid_item_id" | "plaid_client" | "reason" | "reason_details"
>;

/** An attempt whose Item was just disconnected. */
export type DisconnectedAttempt = RemovableAttempt & { access_token_sealed: string };

/**
 * Disconnects one Item of the user (without `id`, every one): performs `transition` on its attempt, which
 * takes the Item's access token back. Then the Item's row may be deleted. `reason_details` records whether
 * the bank's access had ended already, which Plaid asks for when the Item is removed.
 */
export async function disconnectAttempts(
  tx: Db,
  userId: string,
  transition: Transition,
  reason: string,
  id?: string,
): Promise<DisconnectedAttempt[]> {
  return tx
    .updateTable("link_attempts")
    .from("items")
    .set((eb) => ({
      ...moved(transition),
      access_token_sealed: eb.ref("items.access_token_sealed"),
      reason,
      reason_details: sql<string>`case when items.status = 'revoked'
        then '{"access": "ended"}'::jsonb end`,
      plaid_client: eb.ref("items.plaid_client"),
      retry_at: sql<Date>`now()`,
    }))
    .whereRef("items.id", "=", "link_attempts.id")
    .where("items.user_id", "=", userId)
    .where("link_attempts.user_id", "=", userId)
    .where("link_attempts.status", "in", from(transition))
    .$if(id !== undefined, (query) => query.where("items.id", "=", id as string))
    .returning([
      "items.id",
      "items.user_id",
      "items.access_token_sealed",
      "items.plaid_item_id",
      "link_attempts.plaid_client",
      "link_attempts.reason",
      "link_attempts.reason_details",
    ])
    .execute();
}

/** Part of the statement that inserts an Item: connects its attempt, or matches no row. */
export function connectAttempt(
  db: Db,
  { userId, id }: { userId: string; id: string },
  transition: Transition,
) {
  return db
    .updateTable("link_attempts")
    .set(moved(transition))
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("status", "in", from(transition))
    .returning("id");
}

/** Returns unfinished attempts that are due, the longest waiting first. */
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

/** Backs off: the recovery retries the attempt after 30 s, doubling up to an hour. */
export async function postpone(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("link_attempts")
    .set({
      tries: sql<number>`tries + 1`,
      retry_at: sql<Date>`now() + least(interval '30 seconds' * 2 ^ least(tries, 10), interval '1 hour')`,
      updated_at: sql<Date>`now()`,
    })
    .where("id", "=", id)
    .where("user_id", "=", userId)
    .where("status", "in", unfinished)
    .execute();
}

/** An attempt as an operator sees it: no token, encrypted or not. */
export interface AttemptAtWork {
  id: string;
  user_id: string;
  status: LinkAttemptRow["status"];
  reason: string | null;
  plaid_item_id: string | null;
  tries: number;
  retry_at: Date;
  created_at: Date;
  /** Its user had a Plaid user before it began, so Plaid's list of that user shows the Item. */
  is_looked_for: boolean;
}

/** Returns every unfinished attempt, and those whose exchange was lost, oldest first. */
export async function listAttemptsAtWork(db: Db): Promise<AttemptAtWork[]> {
  return (
    db
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
        sql<boolean>`exists (select from plaid_users
          where plaid_users.user_id = link_attempts.user_id
            and plaid_users.created_at <= link_attempts.created_at)`.as("is_looked_for"),
      ])
      // If the response of a lost exchange arrived late, its Item is known and was removed.
      .where((eb) => eb.or([eb("status", "in", unfinished), isLostExchange]))
      .orderBy("created_at")
      .execute()
  );
}

/** Counts the unfinished attempts by status. A removal that failed `stuckAfter` times is `stuck`. */
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

/** Returns the user's attempt with this public_token, by its hash, or null. */
export async function findAttemptByToken(
  db: Db,
  userId: string,
  publicTokenHash: Buffer,
): Promise<LinkAttemptRow | null> {
  const row = await db
    .selectFrom("link_attempts")
    .selectAll()
    .where("public_token_hash", "=", publicTokenHash)
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return row ?? null;
}
