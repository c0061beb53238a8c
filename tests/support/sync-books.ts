import { unclaimed } from "../../db/webhooks.ts";
import type { TestApp } from "./app.ts";
import { transactionsAtPlaid, transactionsHere } from "./transactions.ts";
import { until } from "./until.ts";

type App = Pick<TestApp, "query" | "control">;

/** The differences between Plaid's webhooks and transactions and ours after `drain`, which must be zero. */
export interface SyncBooks {
  /** Webhooks that we acknowledged but did not store. */
  webhooksLost: number;
  /** Webhooks of connected Items that were stored but not processed. */
  webhooksIgnored: number;
  /** Jobs that are not retried. */
  deadJobs: number;
  /** Items whose transactions differ from Plaid's. */
  itemsDiffering: number;
  /** How many webhooks were acknowledged and how many transactions connected Items have. */
  webhooks: number;
  transactions: number;
}

interface Delivery {
  item_id: string | null;
  webhook_code: string;
  state: "pending" | "delivered" | "failed" | "refused";
}

const deliveriesOf = async (app: App) =>
  ((await app.control("GET", "webhooks")) as { webhooks: Delivery[] }).webhooks;

const jobs = "task_identifier in ('sync_item', 'handle_webhook')";

/**
 * Waits until Plaid has delivered all its webhooks, and every sync and webhook is processed. Jobs that failed are
 * retried now, rather than after their backoff.
 */
export async function drain(app: App): Promise<void> {
  await until(async () => (await deliveriesOf(app)).every(({ state }) => state !== "pending"), 180);
  await until(async () => {
    await app.query(
      `update graphile_worker._private_jobs set run_at = now()
       where locked_at is null and run_at > now() and id in (select id from graphile_worker.jobs where ${jobs})`,
    );
    const left = `select 1 from graphile_worker.jobs
      where ${jobs} and (locked_at is not null or attempts < max_attempts) limit 1`;
    return (await app.query(left)).length === 0;
  }, 180);
}

/** Compares webhooks and transactions with the sandbox's data. */
export async function compareSyncs(app: App): Promise<SyncBooks> {
  const delivered = (await deliveriesOf(app)).filter(({ state }) => state === "delivered");
  const sent = countBy(delivered.map((one) => `${one.item_id} ${one.webhook_code}`));
  const stored = countBy(
    (await app.query("select plaid_item_id, code from webhooks")).map(
      (row) => `${row.plaid_item_id} ${row.code}`,
    ),
  );
  const ignored = `select 1 from webhooks as w join items as i using (plaid_item_id)
    where w.outcome is null or w.outcome = $1`;
  // A sync without its key was replaced by a newer one.
  const dead = `select 1 from graphile_worker.jobs
    where ${jobs} and attempts >= max_attempts and not (task_identifier = 'sync_item' and key is null)`;
  let [itemsDiffering, transactions] = [0, 0];
  for (const { id, plaid_item_id, accounts } of await app.query(
    `select i.id, i.plaid_item_id,
       array(select plaid_account_id from accounts as a where a.item_id = i.id) as accounts
     from items as i`,
  )) {
    const here = await transactionsHere(app, id);
    // An Item may have more accounts at Plaid than the user connected.
    const atPlaid = (await transactionsAtPlaid(app, plaid_item_id)).filter(({ account }) =>
      accounts.includes(account),
    );
    if (JSON.stringify(here) !== JSON.stringify(atPlaid)) itemsDiffering += 1;
    transactions += atPlaid.length;
  }
  return {
    webhooksLost: [...sent].filter(([key, times]) => times > (stored.get(key) ?? 0)).length,
    webhooksIgnored: (await app.query(ignored, [unclaimed])).length,
    deadJobs: (await app.query(dead)).length,
    itemsDiffering,
    webhooks: delivered.length,
    transactions,
  };
}

function countBy(keys: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
