import { listActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { listItems } from "../../db/items.ts";
import { listLogIns } from "../../db/log-ins.ts";
import { listSessions } from "../../db/sessions.ts";
import { findTransactions } from "../../db/transactions.ts";
import type { User } from "../api/context.ts";
import { listApiKeys } from "../auth/api-keys.ts";
import type { ExportOutput } from "../contracts/account.ts";
import type { Transaction, TransactionFilter } from "../contracts/transactions.ts";
import type { Services } from "../services.ts";

/** Everything of a person here but secrets, as it stands at one moment. */
export async function exportData(
  { db }: Pick<Services, "db">,
  { id, name, email, plan }: User,
): Promise<ExportOutput> {
  const now = new Date();
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => ({
      exportedAt: now.toISOString(),
      person: { id, name, email },
      plan,
      items: await listItems(tx, id),
      activity: await listActivity(tx, id),
      logIns: await listLogIns(tx, id),
      sessions: (await listSessions(tx, id, now)).map((row) => ({
        startedAt: row.created_at.toISOString(),
        endsAt: row.expires_at.toISOString(),
        address: row.ip_address,
        userAgent: row.user_agent,
      })),
      apiKeys: await listApiKeys(tx, id, now),
      transactions: await allTransactions(tx, id),
    }));
}

async function allTransactions(tx: Db, userId: string): Promise<Transaction[]> {
  const all: Transaction[] = [];
  for await (const page of transactionPages(tx, userId, {})) all.push(...page);
  return all;
}

/** Rows of one statement: it is bounded in time, a history is not bounded in length. */
const pageSize = 1_000;

/**
 * Every transaction of the person that fits, newest first. A page is read when it is asked for, after
 * the last row of the one before: what arrives meanwhile neither repeats nor hides any.
 */
export async function* transactionPages(
  db: Db,
  userId: string,
  filter: TransactionFilter,
): AsyncGenerator<Transaction[]> {
  let last: Transaction | null = null;
  for (;;) {
    const page: Transaction[] = await findTransactions(db, userId, filter, last, pageSize);
    if (page.length > 0) yield page;
    last = page.at(-1) ?? null;
    if (page.length < pageSize) return;
  }
}
