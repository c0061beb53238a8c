import { z } from "zod";
import { decimal } from "./accounts.ts";
import { fieldProblems } from "./field-problems.ts";
import { flowOfCategory } from "./insights.ts";
import { text } from "./text.ts";

/**
 * A transaction. Categories are Plaid's:
 * https://plaid.com/docs/api/products/transactions/#personal-finance-categories
 */
export const transaction = z.object({
  id: z
    .string()
    .describe("The transaction's id. A posted one has another id than it had while pending."),
  accountId: z.uuid().describe("The id of its account."),
  date: z.iso.date().describe("A calendar day at the bank, YYYY-MM-DD."),
  amount: decimal.describe(
    "A decimal string. Positive: money left the account. Negative: money came in.",
  ),
  currency: z
    .string()
    .nullable()
    .describe("ISO 4217, or Plaid's unofficial code where ISO has none; null when unknown."),
  name: z.string().describe("The bank's text."),
  merchant: z
    .string()
    .nullable()
    .describe("Who was paid or who paid, as corrected; null when unknown."),
  category: z
    .string()
    .nullable()
    .describe("Plaid's primary category, like FOOD_AND_DRINK, as corrected; null when unknown."),
  corrected: z.boolean().describe("The user has corrected its category or its merchant."),
  pending: z.boolean().describe("Not posted yet: it may change or be removed."),
});
export type Transaction = z.infer<typeof transaction>;

/** The first or last day of a filter. ISO 8601 has a year 0; PostgreSQL and the calendar do not. */
const day = z.iso.date().refine((date) => !date.startsWith("0000"), "There is no year 0");

/** `transactions.list`. */
export const transactionsListInput = z.strictObject({
  limit: z
    .int()
    .min(1)
    .max(500)
    .optional()
    .describe("Transactions in a page: at most 500, by default 50."),
  cursor: z
    .string()
    .max(600)
    .optional()
    .describe(
      "The `nextCursor` of the previous page, with the same filter; not set for the first page.",
    ),
  accountId: z.uuid().optional().describe("Only those of this account."),
  from: day.optional().describe("The first day, inclusive, YYYY-MM-DD."),
  to: day.optional().describe("The last day, inclusive, YYYY-MM-DD."),
  category: z
    .string()
    .regex(/^[A-Z_]{1,60}$/)
    .optional()
    .describe("Plaid's primary category, as in a transaction."),
  minAmount: decimal
    .max(40)
    .optional()
    .describe(
      "The smallest amount, inclusive. A decimal string; positive is money that left the account.",
    ),
  maxAmount: decimal
    .max(40)
    .optional()
    .describe(
      "The largest amount, inclusive. A decimal string; positive is money that left the account.",
    ),
  search: z
    .string()
    .trim()
    .max(100)
    .regex(/^[^\0]*$/)
    .optional()
    .describe("Text that the name or the merchant contains; case does not matter."),
});
export type TransactionsListInput = z.infer<typeof transactionsListInput>;

/** The same filter without paging. */
export const transactionFilter = transactionsListInput.omit({ cursor: true, limit: true });
export type TransactionFilter = z.infer<typeof transactionFilter>;

/** One page of `transactions.list`. */
export const transactionsListOutput = z.object({
  transactions: z.array(transaction).describe("At most `limit`, newest first."),
  nextCursor: z.string().nullable().describe("For the next page; null on the last."),
});
export type TransactionsListOutput = z.infer<typeof transactionsListOutput>;

/** `transactions.changes`. */
export const transactionChangesInput = z.strictObject({
  since: z
    .string()
    .max(600)
    .optional()
    .describe(
      "The `cursor` of the changes before; left out, every transaction is read from the beginning.",
    ),
  limit: z
    .int()
    .min(1)
    .max(500)
    .optional()
    .describe("Changes of the page, removals included, 500 at most; 200 unless given."),
});
export type TransactionChangesInput = z.infer<typeof transactionChangesInput>;

export const removedTransaction = z.object({
  id: z.string().describe("The id that the transaction had."),
  accountId: z.uuid().describe("The id of the account it was on."),
});
export type RemovedTransaction = z.infer<typeof removedTransaction>;

/** One page of `transactions.changes`; removals are applied first. */
export const transactionChanges = z.object({
  removedAccounts: z
    .array(z.uuid())
    .describe(
      "Accounts all of whose transactions were removed: delete what you have of them first, then `removed`, then store `changed`.",
    ),
  removed: z
    .array(removedTransaction)
    .describe("Transactions that were removed; you may never have had some of them."),
  changed: z
    .array(transaction)
    .describe("Transactions that were added or changed, as they are now; store each by its id."),
  cursor: z
    .string()
    .describe(
      "The `since` of the next page, or of what changes from now on. Accepted for 90 days.",
    ),
  hasMore: z.boolean().describe("More changes are there already: read the next page."),
});
export type TransactionChanges = z.infer<typeof transactionChanges>;

/** Totals of a month; neither `in` nor `out` is negative. */
export const totalOfMonth = z.object({
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .describe("A calendar month, YYYY-MM."),
  in: decimal.describe("Money that came in. A decimal string, never negative."),
  out: decimal.describe("Money that went out. A decimal string, never negative."),
  count: z.number().int().positive().describe("How many transactions."),
});

/** `transactions.totals`: of all transactions that match the filter, including pending ones and transfers. */
export const transactionTotals = z.object({
  currencies: z
    .array(
      z.object({
        currency: z.string().nullable().describe("As in a transaction."),
        months: z.array(totalOfMonth).describe("Newest first, at most 24."),
        categories: z.array(flowOfCategory).describe("The one with the most money first."),
      }),
    )
    .describe("Totals for each currency, that of the most transactions first."),
});
export type TransactionTotals = z.infer<typeof transactionTotals>;

/** `transactions.correct`: null restores the bank's value; fields that are not set do not change. */
export const correctTransactionInput = z.strictObject({
  transactionId: z.string().min(1).max(200).describe("The transaction's id."),
  category: z
    .string()
    .regex(/^[A-Z_]{1,60}$/)
    .nullable()
    .optional()
    .describe("Plaid's primary category, like FOOD_AND_DRINK; null for the bank's value."),
  merchant: text
    .trim()
    .min(1, fieldProblems.name)
    .max(100, fieldProblems.atMost("100"))
    .nullable()
    .optional()
    .describe("Who was paid or who paid; null for the bank's value."),
});
export type CorrectTransactionInput = z.infer<typeof correctTransactionInput>;
export const correctTransactionOutput = z.object({
  transaction: transaction.describe("The corrected transaction."),
});
export type CorrectTransactionOutput = z.infer<typeof correctTransactionOutput>;
