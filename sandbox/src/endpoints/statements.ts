/** `/statements/*`. */
import { createHash } from "node:crypto";
import { addDays } from "../bank/days.ts";
import type { Transaction } from "../bank/transaction-shape.ts";
import { prepareProduct } from "../item-products.ts";
import { itemView, type ShownAccount, shownAccounts } from "../items.ts";
import { pdfOf } from "../pdf.ts";
import { derivedId } from "../plaid/ids.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import type { Item } from "../state.ts";
import { type Call, FileBody } from "./call.ts";

interface Statement {
  statement_id: string;
  account: ShownAccount;
  /** The month's days, `YYYY-MM-DD`. */
  first: string;
  last: string;
}

/** `/statements/list`: for each account that users pay from, every whole month of the Item's history. */
export function statementsList(call: Call, body: { access_token: string }): object {
  const { item, statements } = statementsOf(call, body.access_token);
  const accounts = shownAccounts(call.sandbox, item);
  return {
    accounts: accounts.map(({ account_id, bank }) => ({
      account_id,
      account_mask: bank.mask ?? "",
      account_name: bank.name,
      account_official_name: bank.official_name ?? "",
      account_subtype: bank.subtype,
      account_type: bank.type,
      statements: statements
        .filter(({ account }) => account.account_id === account_id)
        .map(({ statement_id, first, last }) => ({
          statement_id,
          date_posted: addDays(last, 1),
          month: Number(first.slice(5, 7)),
          year: Number(first.slice(0, 4)),
        })),
    })),
    institution_id: item.institution_id,
    institution_name: itemView(item).institution_name ?? "",
    item_id: item.item_id,
  };
}

/** `/statements/download`: the month as a PDF. Throws INVALID_FIELD for an unknown statement. */
export function statementsDownload(
  call: Call,
  body: { access_token: string; statement_id: string },
): object {
  const { item, statements } = statementsOf(call, body.access_token);
  const statement = statements.find(({ statement_id }) => statement_id === body.statement_id);
  if (!statement) {
    throw new PlaidError("INVALID_FIELD", "statement_id is not a statement of this item");
  }
  const { account, first, last } = statement;
  const transactions = [...call.sandbox.feeds.of(item).current.values()].filter(
    ({ account_id, date }) => account_id === account.account_id && date >= first && date <= last,
  );
  const bytes = pdfOf([
    itemView(item).institution_name ?? "",
    `${account.bank.name} ${account.bank.mask ?? ""}`,
    `${first} to ${last}`,
    "",
    ...transactions.map(lineOf),
  ]);
  const hash = createHash("sha256").update(bytes).digest("hex");
  return new FileBody("application/pdf", bytes, { "plaid-content-hash": hash });
}

function lineOf({ date, name, amount }: Transaction): string {
  return `${date}  ${name.slice(0, 60).padEnd(60)}${(-amount).toFixed(2).padStart(14)}`;
}

/** The Item's statements, newest first. */
function statementsOf(call: Call, access_token: string): { item: Item; statements: Statement[] } {
  const { sandbox } = call;
  const item = call.item(access_token);
  prepareProduct(sandbox, item, "statements");
  const start = addDays(item.created_at.slice(0, 10), -item.days_requested);
  const statements: Statement[] = [];
  let last = addDays(`${sandbox.clock.today().slice(0, 7)}-01`, -1);
  for (let first = `${last.slice(0, 7)}-01`; first >= start; first = `${last.slice(0, 7)}-01`) {
    for (const account of shownAccounts(sandbox, item)) {
      if (account.bank.type !== "depository") continue;
      const statement_id = derivedId(item.item_id, account.account_id, "statement", first);
      statements.push({ statement_id, account, first, last });
    }
    last = addDays(first, -1);
  }
  return { item, statements };
}
