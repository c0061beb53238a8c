import { stringify } from "csv-stringify/sync";
import type { ExportOutput } from "../../server/contracts/account.ts";
import type { ItemWithAccounts } from "../../server/contracts/accounts.ts";
import { toCsvCell } from "../../server/contracts/csv-cell.ts";
import type { Transaction } from "../../server/contracts/transactions.ts";
import { negated } from "../transactions/filter.ts";

type Write = (data: Omit<ExportOutput, "transactions">) => string;

/** The tables of the export, except the transactions, by file name. */
export const tables: Record<string, Write> = {
  "accounts.csv": ({ items }) =>
    toCsv(
      items.flatMap(({ institution, status, createdAt, accounts }) =>
        accounts.map((account) => ({
          bank: institution.name,
          status,
          connected_at: createdAt,
          account: account.name,
          official_name: account.officialName,
          mask: account.mask,
          type: account.type,
          subtype: account.subtype,
          current: account.balances.current,
          available: account.balances.available,
          limit: account.balances.limit,
          currency: account.balances.currency,
        })),
      ),
      [
        ...["bank", "status", "connected_at", "account", "official_name", "mask", "type"],
        ...["subtype", "current", "available", "limit", "currency"],
      ],
    ),
  "activity.csv": ({ activity }) =>
    toCsv(
      activity.map((entry) => ({
        at: entry.createdAt,
        what: entry.kind,
        bank: entry.institutionName,
        accounts: String(entry.accountCount),
        reason: entry.reason,
      })),
      ["at", "what", "bank", "accounts", "reason"],
    ),
};

/**
 * Returns `transactions.csv` in parts, the first with the header. Amounts are as on the page: money out is
 * negative.
 */
export async function* transactionsCsv(
  items: ItemWithAccounts[],
  pages: AsyncIterable<Transaction[]>,
): AsyncGenerator<string> {
  const owners = new Map(
    items.flatMap(({ institution, accounts }) =>
      accounts.map(({ id, name, mask }) => [id, { bank: institution.name, name, mask }]),
    ),
  );
  const columns = [
    ...["date", "bank", "account", "mask", "amount", "currency", "name", "merchant"],
    ...["category", "pending"],
  ];
  yield toCsv([], columns);
  for await (const page of pages) {
    const rows = page.map((transaction) => {
      const owner = owners.get(transaction.accountId);
      return {
        date: transaction.date,
        bank: owner?.bank ?? null,
        account: owner?.name ?? null,
        mask: owner?.mask ?? null,
        amount: negated(transaction.amount),
        currency: transaction.currency,
        name: transaction.name,
        merchant: transaction.merchant,
        category: transaction.category,
        pending: transaction.pending ? "yes" : "no",
      };
    });
    yield toCsv(rows, columns, { goesOn: true });
  }
}

/**
 * RFC 4180, with a byte order mark, because otherwise Excel does not read it as UTF-8. `goesOn`: only rows,
 * to append to others.
 */
function toCsv(
  rows: Record<string, string | null>[],
  columns: string[],
  { goesOn = false } = {},
): string {
  return stringify(rows, {
    header: !goesOn,
    columns,
    bom: !goesOn,
    record_delimiter: "\r\n",
    cast: { string: toCsvCell },
  });
}
