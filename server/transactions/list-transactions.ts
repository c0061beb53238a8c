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

/** Transactions of one page unless the caller says otherwise. */
const pageSize = 50;

/**
 * One page of the user's transactions, newest first. It goes on after the last one of the page
 * before, so what arrives meanwhile neither repeats nor hides any. Errors: `invalid_input` for a
 * cursor that is not ours.
 */
export async function listTransactions(
  { db, heavyReads }: Pick<Services, "db" | "heavyReads">,
  user: { id: string },
  { cursor, limit = pageSize, ...filter }: TransactionsListInput,
): Promise<TransactionsListOutput> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const find = () => findTransactions(db, user.id, filter, after, limit + 1);
  // A filter may look through all of a history for the few that fit.
  const isHeavy = Object.keys(filter).length > 0;
  const found = await (isHeavy ? heavyReads.run(user.id, find) : find());
  const transactions = found.slice(0, limit);
  const last = transactions.at(-1);
  const nextCursor = found.length > limit && last ? writeCursor(last) : null;
  return { transactions, nextCursor };
}

/** What all that fits a filter comes to, by month and by category. */
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
/** The id is as the Plaid adapter lets it in. */
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
