import { z } from "zod";
import { findTotals, findTransactions, type TransactionPlace } from "../../db/transactions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import {
  type TransactionFilter,
  type TransactionsListInput,
  type TransactionsListOutput,
  type TransactionTotals,
  transactionsListInput,
} from "../contracts/transactions.ts";
import type { Services } from "../services.ts";

/** The default number of transactions in a page. */
const pageSize = 50;

/**
 * Returns one page of the user's transactions, newest first. It starts after the last one of the previous
 * page, so transactions that arrive meanwhile neither repeat nor hide any.
 *
 * @throws FiscilityError `invalid_input` for a cursor that is not ours
 */
export async function listTransactions(
  { db, heavyReads }: Pick<Services, "db" | "heavyReads">,
  user: { id: string },
  { cursor, limit = pageSize, ...filter }: TransactionsListInput,
): Promise<TransactionsListOutput> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const find = () => findTransactions(db, user.id, filter, after, limit + 1);
  // A filter may scan a whole history for a few matches.
  const isHeavy = Object.keys(filter).length > 0;
  const found = await (isHeavy ? heavyReads.run(user.id, find) : find());
  const transactions = found.slice(0, limit);
  const last = transactions.at(-1);
  const nextCursor = found.length > limit && last ? writeCursor(last) : null;
  return { transactions, nextCursor };
}

/** Returns the totals of all matching transactions, by month and by category. */
export async function readTotals(
  { db, heavyReads }: Pick<Services, "db" | "heavyReads">,
  user: { id: string },
  filter: TransactionFilter,
): Promise<TransactionTotals> {
  return {
    currencies: await heavyReads.run(user.id, () => findTotals(db, user.id, filter)),
  };
}

const day = transactionsListInput.shape.from.unwrap();
/** The id must match what the Plaid adapter accepts. */
const place = z.tuple([day, z.string().regex(/^[\x21-\x7e]{1,200}$/)]);

function writeCursor({ date, id }: TransactionPlace): string {
  return Buffer.from(JSON.stringify([date, id])).toString("base64url");
}

function readCursor(cursor: string): TransactionPlace {
  try {
    const [date, id] = place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { date, id };
  } catch {
    throw new FiscilityError("invalid_input", {
      details: { issues: [{ path: "cursor", message: "This is no cursor of ours." }] },
    });
  }
}
