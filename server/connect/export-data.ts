import { listActivity } from "../../db/account-activity.ts";
import type { Db } from "../../db/client.ts";
import { listItems } from "../../db/items.ts";
import { findTransactions } from "../../db/transactions.ts";
import type { ExportOutput } from "../contracts/account.ts";
import type { Viewer } from "../contracts/session.ts";
import type { Transaction } from "../contracts/transactions.ts";
import type { Services } from "../services.ts";

/** Everything of a person here but secrets, as it stands at one moment. */
export async function exportData(
  { db }: Pick<Services, "db">,
  { id, name, email }: Viewer,
): Promise<ExportOutput> {
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .execute(async (tx) => ({
      exportedAt: new Date().toISOString(),
      person: { id, name, email },
      items: await listItems(tx, id),
      activity: await listActivity(tx, id),
      transactions: await allTransactions(tx, id),
    }));
}

/** Rows of one statement: it is bounded in time, a history is not bounded in length. */
const pageSize = 5_000;

async function allTransactions(tx: Db, userId: string): Promise<Transaction[]> {
  const all: Transaction[] = [];
  for (;;) {
    const page = await findTransactions(tx, userId, {}, all.at(-1) ?? null, pageSize);
    all.push(...page);
    if (page.length < pageSize) return all;
  }
}
