import { z } from "zod";
import { decimal } from "./accounts.ts";

/**
 * What moved on an account. `date` is a calendar day at the bank, YYYY-MM-DD. A positive `amount` is
 * money that left the account. `pending` ones may change or go; the posted one has another id.
 * `category` is Plaid's: https://plaid.com/docs/api/products/transactions/#personal-finance-categories
 */
export const transaction = z.object({
  id: z.string(),
  accountId: z.uuid(),
  date: z.iso.date(),
  amount: decimal,
  /** ISO 4217, or Plaid's unofficial code where ISO has none. */
  currency: z.string().nullable(),
  name: z.string(),
  merchant: z.string().nullable(),
  category: z.string().nullable(),
  pending: z.boolean(),
});
export type Transaction = z.infer<typeof transaction>;

/** A day to look from or to. ISO 8601 has a year 0, PostgreSQL and the calendar have none. */
const day = z.iso.date().refine((date) => !date.startsWith("0000"), "There is no year 0");

/**
 * `transactions.list`: 50 a page. Days and amounts are inclusive; `search` is looked for in name and
 * merchant. `cursor` is the `nextCursor` of the page before, with the same filter.
 */
export const transactionsListInput = z.strictObject({
  cursor: z.string().max(600).optional(),
  accountId: z.uuid().optional(),
  from: day.optional(),
  to: day.optional(),
  /** Plaid's primary category, as a transaction carries it. */
  category: z
    .string()
    .regex(/^[A-Z_]{1,60}$/)
    .optional(),
  minAmount: decimal.max(40).optional(),
  maxAmount: decimal.max(40).optional(),
  search: z
    .string()
    .trim()
    .max(100)
    .regex(/^[^\0]*$/)
    .optional(),
});
export type TransactionsListInput = z.infer<typeof transactionsListInput>;

/** The same without a page. */
export const transactionFilter = transactionsListInput.omit({ cursor: true });
export type TransactionFilter = z.infer<typeof transactionFilter>;

/** Newest first; `nextCursor` is null on the last page. */
export const transactionsListOutput = z.object({
  transactions: z.array(transaction),
  nextCursor: z.string().nullable(),
});
export type TransactionsListOutput = z.infer<typeof transactionsListOutput>;
