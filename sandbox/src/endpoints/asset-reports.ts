/** `/asset_report/*`: a report of some Items' accounts, as they were when it was created. */
import { addDays } from "../bank/days.ts";
import type { Transaction } from "../bank/transaction-shape.ts";
import { prepareProduct } from "../item-products.ts";
import { accountView, itemView, type ShownAccount, shownAccounts } from "../items.ts";
import { pdfOf } from "../pdf.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { AssetReport, Item } from "../state.ts";
import { assetsWebhook } from "../webhooks/bodies.ts";
import { ownersOf } from "./accounts.ts";
import { type Call, FileBody } from "./call.ts";

interface CreateBody {
  access_tokens?: string[];
  days_requested: number;
  options?: { client_report_id?: string; webhook?: string; user?: object };
}

/**
 * `/asset_report/create`. The report is ready after `transactions_ready_ms`, when its webhook is sent.
 * @throws MISSING_FIELDS, or what a data call of one of the Items throws.
 */
export function assetReportCreate(call: Call, body: CreateBody): object {
  const { sandbox, client_id } = call;
  const tokens = body.access_tokens ?? [];
  if (tokens.length === 0) {
    throw new PlaidError(
      "MISSING_FIELDS",
      "the following required fields are missing: access_tokens",
    );
  }
  const items = tokens.map((token) => call.item(token));
  for (const item of items) prepareProduct(sandbox, item, "assets");
  const wait = sandbox.settings.transactionsReadyMs;
  const report: AssetReport = {
    asset_report_id: sandbox.ids.uuid(),
    asset_report_token: sandbox.ids.token("assets"),
    client_id,
    item_ids: items.map(({ item_id }) => item_id),
    client_report_id: body.options?.client_report_id ?? null,
    user: body.options?.user ?? {},
    days_requested: body.days_requested,
    created_at: sandbox.clock.iso(),
    ready_at: sandbox.clock.now() + wait,
  };
  const { asset_report_id, asset_report_token } = report;
  sandbox.state.asset_reports.set(asset_report_token, report);
  sandbox.changed();
  const { webhook } = body.options ?? {};
  if (webhook !== undefined) {
    sandbox.webhooks.later(wait, () =>
      sandbox.webhooks.send(webhook, assetsWebhook("PRODUCT_READY", asset_report_id)),
    );
  }
  return { asset_report_id, asset_report_token };
}

/** `/asset_report/get`. Throws INVALID_FIELD or PRODUCT_NOT_READY. */
export function assetReportGet(call: Call, body: { asset_report_token?: string }): object {
  return { report: reportView(call, readyReport(call, body.asset_report_token)), warnings: [] };
}

/** `/asset_report/pdf/get`. Throws INVALID_FIELD or PRODUCT_NOT_READY. */
export function assetReportPdfGet(call: Call, body: { asset_report_token: string }): object {
  const report = readyReport(call, body.asset_report_token);
  const { items } = reportView(call, report);
  const lines = items.flatMap(({ institution_name, accounts }) => [
    institution_name,
    ...accounts.flatMap(({ name, mask, balances, transactions }) => [
      `  ${name} ${mask ?? ""}: ${balances.current ?? "unknown"} ${balances.iso_currency_code}`,
      ...transactions.map(
        ({ date, original_description, amount }) =>
          `    ${date}  ${String(original_description).slice(0, 50).padEnd(50)}${(-amount).toFixed(2).padStart(12)}`,
      ),
    ]),
  ]);
  const title = `Asset report ${report.asset_report_id}, ${report.created_at.slice(0, 10)}`;
  return new FileBody("application/pdf", pdfOf([title, "", ...lines]), {});
}

function readyReport(call: Call, token: string | undefined): AssetReport {
  const report = call.sandbox.state.asset_reports.get(token ?? "");
  if (report?.client_id !== call.client_id) {
    throw new PlaidError("INVALID_FIELD", "asset_report_token is not of a report of this client");
  }
  if (report.ready_at > call.sandbox.clock.now()) throw new PlaidError("PRODUCT_NOT_READY");
  return report;
}

function reportView(call: Call, report: AssetReport) {
  const { asset_report_id, client_report_id, created_at, days_requested, user } = report;
  const items = report.item_ids.flatMap((item_id) => {
    const item = call.sandbox.state.items.get(item_id);
    return item ? [reportedItem(call, report, item)] : [];
  });
  return {
    asset_report_id,
    client_report_id,
    date_generated: created_at,
    days_requested,
    user,
    items,
  };
}

function reportedItem(call: Call, report: AssetReport, item: Item) {
  const last = report.created_at.slice(0, 10);
  const days = { first: addDays(last, -report.days_requested), last };
  const all = [...call.sandbox.feeds.of(item).current.values()].filter(
    ({ date }) => date >= days.first && date <= last,
  );
  return {
    item_id: item.item_id,
    institution_name: itemView(item).institution_name ?? "",
    institution_id: item.institution_id,
    date_last_updated: report.created_at,
    accounts: shownAccounts(call.sandbox, item).map((account) => {
      const own = all.filter(({ account_id }) => account_id === account.account_id);
      const view = accountView(account);
      return {
        ...view,
        balances: { ...view.balances, margin_loan_amount: null },
        days_available: Math.min(report.days_requested, item.days_requested),
        owners: ownersOf(call.sandbox, item, account),
        ownership_type: null,
        transactions: own.map(reportedTransaction),
        historical_balances: historicalBalances(account, own, days),
      };
    }),
  };
}

function reportedTransaction(transaction: Transaction) {
  const { transaction_id, account_id, amount, date, pending } = transaction;
  return {
    transaction_id,
    account_id,
    amount,
    date,
    date_transacted: String(transaction.authorized_date),
    pending,
    iso_currency_code: transaction.iso_currency_code,
    unofficial_currency_code: null,
    original_description: transaction.original_description,
  };
}

/** The balance at the end of each day, newest first: today's, less the transactions since. */
function historicalBalances(
  { bank }: ShownAccount,
  transactions: Transaction[],
  { first, last }: { first: string; last: string },
): object[] {
  const moved = new Map<string, number>();
  for (const { date, amount, pending } of transactions) {
    if (!pending) moved.set(date, (moved.get(date) ?? 0) + amount);
  }
  // What an account owes rises as money leaves it.
  const sign = bank.type === "credit" || bank.type === "loan" ? -1 : 1;
  let balance = bank.current ?? 0;
  const balances: object[] = [];
  for (let date = last; date > first; date = addDays(date, -1)) {
    const current = Math.round(balance * 100) / 100;
    const iso_currency_code = bank.currency;
    balances.push({ date, current, iso_currency_code, unofficial_currency_code: null });
    balance += sign * (moved.get(date) ?? 0);
  }
  return balances;
}
