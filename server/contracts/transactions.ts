import { z } from "zod";
import { decimal } from "./accounts.ts";
import { fieldProblems } from "./field-problems.ts";
import { flowOfCategory } from "./insights.ts";
import { text } from "./text.ts";

/**
 * What moved on an account. Categories are Plaid's: https://plaid.com/docs/api/products/transactions/#personal-finance-categories
 */
export const transaction = z.object({
  id: z
    .string()
    .describe("The transaction's id. A posted one has another id than it had while pending."),
  accountId: z.uuid().describe("The id of the account it moved on."),
  date: z.iso.date().describe("A calendar day at the bank, YYYY-MM-DD."),
  amount: decimal.describe(
    "A decimal string. Positive: money left the account. Negative: money came in.",
  ),
  currency: z
    .string()
    .nullable()
    .describe(
      "ISO 4217, or Plaid's unofficial code where ISO has none; null where neither is known.",
    ),
  name: z.string().describe("The bank's text."),
  merchant: z
    .string()
    .nullable()
    .describe("Who was paid or who paid, as corrected; null where it is not known."),
  category: z
    .string()
    .nullable()
    .describe(
      "Plaid's primary category, as FOOD_AND_DRINK, as corrected; null where it is not known.",
    ),
  corrected: z.boolean().describe("The user has corrected its category or its merchant."),
  pending: z.boolean().describe("Not posted yet: it may change or be removed."),
});
export type Transaction = z.infer<typeof transaction>;

/** A day to look from or to. ISO 8601 has a year 0, PostgreSQL and the calendar have none. */
const day = z.iso.date().refine((date) => !date.startsWith("0000"), "There is no year 0");

/** `transactions.list`. */
export const transactionsListInput = z.strictObject({
  limit: z
    .int()
    .min(1)
    .max(200)
    .optional()
    .describe("Transactions of the page, 200 at most; 50 unless given."),
  cursor: z
    .string()
    .max(600)
    .optional()
    .describe(
      "The `nextCursor` of the page before, with the same filter; left out for the first page.",
    ),
  accountId: z.uuid().optional().describe("Only those of this account."),
  from: day.optional().describe("The first day, inclusive, YYYY-MM-DD."),
  to: day.optional().describe("The last day, inclusive, YYYY-MM-DD."),
  category: z
    .string()
    .regex(/^[A-Z_]{1,60}$/)
    .optional()
    .describe("Plaid's primary category, as a transaction carries it."),
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
    .describe("Text that the name or the merchant contains; capitals do not matter."),
});
export type TransactionsListInput = z.infer<typeof transactionsListInput>;

/** The same without a page. */
export const transactionFilter = transactionsListInput.omit({ cursor: true, limit: true });
export type TransactionFilter = z.infer<typeof transactionFilter>;

/** One page of `transactions.list`. */
export const transactionsListOutput = z.object({
  transactions: z.array(transaction).describe("At most `limit`, newest first."),
  nextCursor: z.string().nullable().describe("For the next page; null on the last."),
});
export type TransactionsListOutput = z.infer<typeof transactionsListOutput>;

/** What transactions of a month come to; neither `in` nor `out` is negative. */
export const totalOfMonth = z.object({
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .describe("A calendar month, YYYY-MM."),
  in: decimal.describe("Money that came in. A decimal string, never negative."),
  out: decimal.describe("Money that went out. A decimal string, never negative."),
  count: z.number().int().positive().describe("How many transactions."),
});

/** `transactions.totals`: of all that fits the filter, pending ones and transfers too. */
export const transactionTotals = z.object({
  currencies: z
    .array(
      z.object({
        currency: z.string().nullable().describe("As a transaction carries it."),
        months: z.array(totalOfMonth).describe("Newest first, 24 at most."),
        categories: z.array(flowOfCategory).describe("The one with the most money first."),
      }),
    )
    .describe("Totals for each currency, that of the most transactions first."),
});
export type TransactionTotals = z.infer<typeof transactionTotals>;

/** `transactions.correct`: null is what the bank says; what is left out stays as it is. */
export const correctTransactionInput = z.strictObject({
  transactionId: z.string().min(1).max(200).describe("The transaction's id."),
  category: z
    .string()
    .regex(/^[A-Z_]{1,60}$/)
    .nullable()
    .optional()
    .describe("Plaid's primary category, as FOOD_AND_DRINK; null for what the bank says."),
  merchant: text
    .trim()
    .min(1, fieldProblems.name)
    .max(100, fieldProblems.atMost("100"))
    .nullable()
    .optional()
    .describe("Who was paid or who paid; null for what the bank says."),
});
export type CorrectTransactionInput = z.infer<typeof correctTransactionInput>;
export const correctTransactionOutput = z.object({
  transaction: transaction.describe("The transaction now."),
});
export type CorrectTransactionOutput = z.infer<typeof correctTransactionOutput>;
