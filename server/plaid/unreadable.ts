import type { Log } from "../telemetry/log.ts";
import type { Rows, Unreadable } from "./readable.ts";
import type { PlaidAccount } from "./responses.ts";

/** Rows that one log line lists. */
const loggedRows = 20;

/** Logs which rows of a response were left out, or which accounts were only partly parsed. */
export function logUnreadable(
  kind: "transaction" | "account",
  rows: readonly Unreadable[],
  log: Log,
): void {
  if (rows.length === 0) return;
  const line = { event: "plaid_unreadable", kind, count: rows.length };
  log.warn({ ...line, rows: rows.slice(0, loggedRows) }, "Some rows from Plaid are invalid");
}

/** Returns the accounts of a response, each once, and how many could not be parsed in full. */
export function readAccounts(
  { read, unreadable }: Rows<PlaidAccount>,
  log: Log,
): { accounts: PlaidAccount[]; accountsUnreadable: number } {
  const accounts = [...new Map(read.map((account) => [account.accountId, account])).values()];
  const partly = accounts.flatMap(({ accountId: id, unreadable: field }) =>
    field === null ? [] : [{ id, field }],
  );
  logUnreadable("account", [...unreadable, ...partly], log);
  return { accounts, accountsUnreadable: unreadable.length + partly.length };
}
