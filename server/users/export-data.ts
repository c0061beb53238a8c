import { setTimeout as sleep } from "node:timers/promises";
import { listActivity } from "../../db/account-activity.ts";
import { listConsents } from "../../db/consents.ts";
import { listItems } from "../../db/items.ts";
import { listLogIns } from "../../db/log-ins.ts";
import { listDeclinedNotices } from "../../db/mails.ts";
import { listPlanRequests } from "../../db/plan-requests.ts";
import { listSecurityEvents, type Origin, recordSecurityEvent } from "../../db/security-events.ts";
import { listSessions } from "../../db/sessions.ts";
import { findTransactions } from "../../db/transactions.ts";
import { listApiKeys } from "../auth/api-keys.ts";
import type { User } from "../auth/identity.ts";
import { listFactors } from "../auth/second-factor/factors.ts";
import type { ExportOutput } from "../contracts/account.ts";
import type { Transaction, TransactionFilter } from "../contracts/transactions.ts";
import { listWebhooks } from "../outgoing-webhooks/webhook-endpoints.ts";
import type { Services } from "../services.ts";

type Needs = Pick<Services, "clock" | "db" | "exports" | "heavyReads">;

/** Everything of a user here but secrets: `rest` as it stood at one moment, and after it the transactions. */
export interface DataExport {
  rest: Omit<ExportOutput, "transactions">;
  /** All of them, newest first, read as they are asked for. */
  transactions: AsyncGenerator<Transaction[]>;
}

/**
 * Begins an export, the user's only one until `onClose` calls back: when the response has left or its
 * reader has gone. It is in the user's security record.
 * @throws `export_running`
 */
export async function beginExport(
  { exports, db }: Pick<Services, "exports" | "db">,
  { id }: { id: string },
  { onClose, origin }: { onClose: (call: () => void) => void; origin: Origin },
): Promise<void> {
  const { leave } = await exports.enter(id);
  onClose(leave);
  await recordSecurityEvent(db, { userId: id, kind: "data_exported", origin });
}

/** Reads what `beginExport` has admitted. */
export async function exportData(services: Needs, user: User): Promise<DataExport> {
  const { id, name, email, plan } = user;
  const now = services.clock.now();
  const rest = await services.heavyReads.run(id, () =>
    services.db
      .transaction()
      .setIsolationLevel("repeatable read")
      .execute(async (tx) => ({
        exportedAt: now.toISOString(),
        person: { id, name, email },
        plan,
        items: await listItems(tx, id),
        planRequests: await listPlanRequests(tx, id),
        activity: await listActivity(tx, id),
        logIns: await listLogIns(tx, id),
        securityEvents: await listSecurityEvents(tx, id),
        consents: await listConsents(tx, id),
        secondFactors: await listFactors(tx, id),
        declinedNotices: await listDeclinedNotices(tx, id),
        sessions: (await listSessions(tx, id, now)).map((row) => ({
          startedAt: row.created_at.toISOString(),
          endsAt: row.expires_at.toISOString(),
          address: row.ip_address,
          userAgent: row.user_agent,
        })),
        apiKeys: await listApiKeys(tx, id, now),
        webhooks: await listWebhooks(tx, id),
      })),
  );
  return { rest, transactions: transactionPages(services, id, {}) };
}

/** Rows of one statement, and of what is written at once: others' requests come in between. */
const pageSize = 200;

/** Milliseconds that a page takes, at least: a history of 20,000 transactions leaves in two seconds. */
const pageMs = 20;

/**
 * Every transaction of the user that fits, newest first. A page is read when it is asked for, after
 * the last row of the one before: what arrives meanwhile neither repeats nor hides any. No connection
 * is held between two pages.
 */
export async function* transactionPages(
  { db, heavyReads }: Pick<Services, "db" | "heavyReads">,
  userId: string,
  filter: TransactionFilter,
): AsyncGenerator<Transaction[]> {
  let last: Transaction | null = null;
  for (;;) {
    const after: Transaction | null = last;
    const begun = performance.now();
    const page: Transaction[] = await heavyReads.run(userId, () =>
      findTransactions(db, userId, filter, after, pageSize),
    );
    if (page.length > 0) yield page;
    last = page.at(-1) ?? null;
    if (page.length < pageSize) return;
    // At rest most of the time: other users' requests must not wait behind a long history.
    await sleep(Math.max(0, begun + pageMs - performance.now()));
  }
}
