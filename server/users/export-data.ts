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

/** All data of a user except secrets: `rest`, from one snapshot, and then the transactions. */
export interface DataExport {
  rest: Omit<ExportOutput, "transactions">;
  /** All transactions, newest first, read on demand. */
  transactions: AsyncGenerator<Transaction[]>;
}

/**
 * Starts an export, the user's only one until `onClose` calls back: when the response is sent or the client
 * has disconnected. Recorded in the user's security history.
 *
 * @throws FiscilityError `export_running`
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

/** Reads the data of an export that `beginExport` has started. */
export async function exportData(services: Needs, user: User): Promise<DataExport> {
  const { id, name, email, plan } = user;
  const now = services.clock.now();
  const rest = await services.heavyReads.run(id, () =>
    services.db
      .transaction()
      .setIsolationLevel("repeatable read")
      .execute(async (tx) => ({
        exportedAt: now.toISOString(),
        user: { id, name, email },
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

/** Rows of one statement and one write. Other requests run in between. */
const pageSize = 200;

/** The minimum milliseconds of a page: a history of 20,000 transactions takes two seconds. */
const pageMs = 20;

/**
 * Returns every matching transaction of the user, newest first. A page is read on demand, after the last row
 * of the previous one, so transactions that arrive meanwhile neither repeat nor hide any. No connection is
 * held between two pages.
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
    // Idle most of the time, so that other users' requests do not wait behind a long history.
    await sleep(Math.max(0, begun + pageMs - performance.now()));
  }
}
