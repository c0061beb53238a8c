import { type Selectable, sql } from "kysely";
import {
  isNotice,
  type MailDetails,
  type MailKind,
  type NoticeKind,
} from "../server/contracts/mail.ts";
import type { Db } from "./client.ts";
import { addJob, type JobSpec, jobSpec } from "./jobs.ts";
import type { MailsTable } from "./schema.ts";

/** Attempts over a day and a half, with graphile-worker's backoff: a mail server may be down for a night. */
const attempts = 16;

/** A user's mail is sent in order, and a slow mail server delays few jobs at once. */
const queues = 2;

/** A mail to queue. `to` defaults to the user's own address. */
export interface QueuedMail<Kind extends MailKind> {
  userId: string;
  kind: Kind;
  details: MailDetails[Kind];
  to?: string;
}

/**
 * SQL that stores a mail, also as part of a larger statement: the table expression `mail`, without a row when
 * nothing is sent. `details` is JSON; `to` is null for the user's own address.
 */
export const storedMail = (mail: {
  userId: unknown;
  kind: MailKind;
  details: unknown;
  to: unknown;
}) =>
  sql<{ user_id: string; id: string }>`
    insert into mails (user_id, kind, recipient, details)
    select id, ${sql.lit(mail.kind)}, coalesce(${mail.to}::text, claimed_email, email), ${mail.details}::jsonb
    from users where id = ${mail.userId} and deleted_at is null
      and not (${sql.lit(isNotice(mail.kind))} and exists (
        select from declined_notices where user_id = ${mail.userId} and kind = ${sql.lit(mail.kind)}))
    returning user_id, id`;

/** The job which sends a stored mail. */
export const sendMailJob = (userId: unknown, id: unknown): JobSpec =>
  jobSpec({
    task: "send_mail",
    payload: sql`json_build_object('userId', ${userId}, 'id', ${id})`,
    queue: sql`'mail:' || abs(hashtext(${userId}::text) % ${sql.lit(queues)})`,
    tries: attempts,
    priority: -10,
  });

/**
 * Queues a mail in the transaction of the change it reports, so both happen or neither. Notices that the user
 * declined, and mail to a deleted user, are not queued. Returns whether it was queued.
 */
export async function queueMail<Kind extends MailKind>(
  tx: Db,
  { userId, kind, details, to }: QueuedMail<Kind>,
): Promise<boolean> {
  const mail = storedMail({ userId, kind, details: JSON.stringify(details), to: to ?? null });
  const { rows } = await sql`
    with mail as (${mail})
    select ${addJob(sendMailJob(sql.ref("mail.user_id"), sql.ref("mail.id")))} from mail`.execute(
    tx,
  );
  return rows.length > 0;
}

export type MailRow = Selectable<MailsTable>;

/**
 * Returns a mail that is not sent yet, with its user's name; null when it was sent, failed or does not exist.
 */
export async function findUnsentMail(
  db: Db,
  userId: string,
  id: string,
): Promise<(MailRow & { name: string }) | null> {
  const row = await db
    .selectFrom("mails")
    .innerJoin("users", "users.id", "mails.user_id")
    .selectAll("mails")
    .select("users.name")
    .where("mails.user_id", "=", userId)
    .where("mails.id", "=", id)
    .where("sent_at", "is", null)
    .where("failed_at", "is", null)
    .where("users.deleted_at", "is", null)
    .executeTakeFirst();
  return row ?? null;
}

/** Stores that the mail server has accepted the mail. */
export async function markSent(db: Db, userId: string, id: string): Promise<void> {
  await db
    .updateTable("mails")
    .set({ sent_at: sql<Date>`now()`, last_error: null })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .execute();
}

/** Stores that an attempt failed. `isPermanent`: there is no further attempt. */
export async function markUnsent(
  db: Db,
  userId: string,
  id: string,
  { error, isPermanent }: { error: string; isPermanent: boolean },
): Promise<void> {
  await db
    .updateTable("mails")
    .set({ last_error: error.slice(0, 500), ...(isPermanent && { failed_at: sql<Date>`now()` }) })
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .execute();
}

/** Returns the state of the newest mail of a kind to this user; null when there was none. */
export async function findMailState(
  db: Db,
  userId: string,
  kind: MailKind,
): Promise<"waiting" | "retrying" | "sent" | "failed" | null> {
  const row = await db
    .selectFrom("mails")
    .select(["sent_at", "failed_at", "last_error"])
    .where("user_id", "=", userId)
    .where("kind", "=", kind)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  if (!row) return null;
  if (row.sent_at) return "sent";
  if (row.failed_at) return "failed";
  return row.last_error === null ? "waiting" : "retrying";
}

/** Returns the notices that the user has declined. */
export async function listDeclinedNotices(db: Db, userId: string): Promise<NoticeKind[]> {
  const rows = await db
    .selectFrom("declined_notices")
    .select("kind")
    .where("user_id", "=", userId)
    .execute();
  return rows.map(({ kind }) => kind);
}

/** Turns notices off and on. Kinds in neither list do not change. */
export async function chooseNotices(
  db: Db,
  userId: string,
  { declined, wanted }: { declined: readonly NoticeKind[]; wanted: readonly NoticeKind[] },
): Promise<void> {
  if (wanted.length > 0) {
    await db
      .deleteFrom("declined_notices")
      .where("user_id", "=", userId)
      .where("kind", "in", wanted)
      .execute();
  }
  if (declined.length > 0) {
    await db
      .insertInto("declined_notices")
      .columns(["user_id", "kind"])
      // Inserts nothing for a user who was deleted meanwhile.
      .expression((eb) =>
        eb
          .selectFrom("users")
          .select(["users.id", sql<NoticeKind>`unnest(${[...declined]}::text[])`.as("kind")])
          .where("users.id", "=", userId)
          .where("users.deleted_at", "is", null),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Deletes mails older than `days`, at most 10,000: the sweep runs again within a minute. */
export async function dropOldMails(db: Db, days: number): Promise<void> {
  await db
    .deleteFrom("mails")
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("user_id", "id"),
        "in",
        selectFrom("mails")
          .select(["mails.user_id", "mails.id"])
          .where("created_at", "<", sql<Date>`now() - ${days} * interval '1 day'`)
          .limit(10_000)
          .$asTuple("user_id", "id"),
      ),
    )
    .execute();
}
