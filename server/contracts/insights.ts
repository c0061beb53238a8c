import { z } from "zod";
import { decimal } from "./accounts.ts";
import { fieldProblems } from "./field-problems.ts";

const currency = z.string().describe("ISO 4217, or Plaid's unofficial code where ISO has none.");

/**
 * What is in the accounts less what is owed (`credit` and `loan` accounts), at the end of a calendar
 * day in UTC.
 */
export const worthOfDay = z.object({
  date: z.iso.date().describe("A calendar day in UTC, YYYY-MM-DD."),
  amount: decimal.describe("A decimal string; negative when more is owed than there is."),
});
export type WorthOfDay = z.infer<typeof worthOfDay>;

/** How far back: a month, three months, a year, or as far as there are transactions, ten years at most. */
export const netWorthRange = z.enum(["1m", "3m", "1y", "all"]);
export type NetWorthRange = z.infer<typeof netWorthRange>;

/** `insights.netWorth`: a year unless it is said. */
export const netWorthInput = z.strictObject({
  range: netWorthRange
    .optional()
    .describe("How far back: 1m, 3m, 1y (the default) or all, which is ten years at most."),
});
export type NetWorthInput = z.infer<typeof netWorthInput>;

/** Every day of the range from the first one that is known to today; today is what the balances say. */
export const netWorthInCurrency = z.object({
  currency,
  days: z.array(worthOfDay).describe("Oldest first, to today."),
});
export type NetWorthInCurrency = z.infer<typeof netWorthInCurrency>;

/**
 * `insights.netWorth`: a line for each currency, that of the most accounts first; currencies are
 * never added. Banks give no balances of the past: each day is today's less what has moved since.
 * Pending transactions are left out, as they are in the balances; so are accounts whose balance or
 * currency the bank does not give, those whose permission was taken away, and hidden ones. Before an account's
 * first transaction its balance is taken as unchanged.
 */
export const netWorthOutput = z.object({
  currencies: z
    .array(netWorthInCurrency)
    .describe("A line for each currency; they are never added."),
});
export type NetWorthOutput = z.infer<typeof netWorthOutput>;

/** Money that came in and went out in a calendar month, YYYY-MM; neither is negative. */
export const cashFlowOfMonth = z.object({
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .describe("A calendar month, YYYY-MM."),
  in: decimal.describe("Money that came in. A decimal string, never negative."),
  out: decimal.describe("Money that went out. A decimal string, never negative."),
});
export type CashFlowOfMonth = z.infer<typeof cashFlowOfMonth>;

/** Every month from the first one with a transaction to the present one, at most twelve. */
export const cashFlowInCurrency = z.object({
  currency,
  months: z.array(cashFlowOfMonth).describe("Oldest first, to the present one."),
});
export type CashFlowInCurrency = z.infer<typeof cashFlowInCurrency>;

/**
 * `insights.cashFlow`: what came in and went out, by currency, in the same order. Pending
 * transactions are left out, and so is what only moves between the person's own accounts: a transfer
 * or a loan payment (Plaid's categories) whose opposite is there within three days, and payments that
 * a `credit` or `loan` account receives. Hidden accounts do not count.
 */
export const cashFlowOutput = z.object({
  currencies: z
    .array(cashFlowInCurrency)
    .describe("A line for each currency; they are never added."),
});
export type CashFlowOutput = z.infer<typeof cashFlowOutput>;

/** A calendar month that has been. */
const month = z
  .string()
  .regex(/^[12]\d{3}-(0[1-9]|1[0-2])$/, fieldProblems.month)
  .describe("A calendar month, YYYY-MM.");

/** `insights.categories`: of which month. */
export const categoriesInput = z.strictObject({ month });
export type CategoriesInput = z.infer<typeof categoriesInput>;

/** What came in and went out in one of Plaid's primary categories; neither is negative. */
export const flowOfCategory = z.object({
  category: z
    .string()
    .nullable()
    .describe("The category, as FOOD_AND_DRINK; null for transactions without one."),
  in: decimal.describe("Money that came in. A decimal string, never negative."),
  out: decimal.describe("Money that went out. A decimal string, never negative."),
  count: z.number().int().positive().describe("How many transactions."),
});
export type FlowOfCategory = z.infer<typeof flowOfCategory>;

/** `insights.categories`: a month of `insights.cashFlow` by category, by currency. */
export const categoriesOutput = z.object({
  currencies: z
    .array(
      z.object({
        currency,
        categories: z.array(flowOfCategory).describe("The one with the most money first."),
      }),
    )
    .describe("A list for each currency; they are never added."),
});
export type CategoriesOutput = z.infer<typeof categoriesOutput>;
