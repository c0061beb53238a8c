import { z } from "zod";
import { decimal } from "./accounts.ts";
import { fieldProblems } from "./field-problems.ts";

const currency = z.string().describe("ISO 4217, or Plaid's unofficial code where ISO has none.");

/** The balances minus what is owed (`credit` and `loan` accounts), at the end of a calendar day in UTC. */
export const worthOfDay = z.object({
  date: z.iso.date().describe("A calendar day in UTC, YYYY-MM-DD."),
  amount: decimal.describe("A decimal string; negative when the user owes more than they have."),
});
export type WorthOfDay = z.infer<typeof worthOfDay>;

/** How far back: a month, three months, a year, or as far as there are transactions, at most ten years. */
export const netWorthRange = z.enum(["1m", "3m", "1y", "all"]);
export type NetWorthRange = z.infer<typeof netWorthRange>;

/** `insights.netWorth`: by default a year. */
export const netWorthInput = z.strictObject({
  range: netWorthRange
    .optional()
    .describe("How far back: 1m, 3m, 1y (the default) or all, which is ten years at most."),
});
export type NetWorthInput = z.infer<typeof netWorthInput>;

/** Every day of the range, from the first known one to today. Today's value is the current balance. */
export const netWorthInCurrency = z.object({
  currency,
  days: z.array(worthOfDay).describe("Oldest first, to today."),
});
export type NetWorthInCurrency = z.infer<typeof netWorthInCurrency>;

/**
 * `insights.netWorth`: a series for each currency, the one with the most accounts first; currencies are never
 * added. Banks return no past balances: each day is today's balance minus the transactions since. Pending
 * transactions are excluded, as in the balances. So are accounts without a balance or currency, accounts
 * whose permission was withdrawn, and hidden ones. Before an account's first transaction its balance counts
 * as constant.
 */
export const netWorthOutput = z.object({
  currencies: z
    .array(netWorthInCurrency)
    .describe("A line for each currency; they are never added."),
});
export type NetWorthOutput = z.infer<typeof netWorthOutput>;

/** Money in and out in a calendar month, YYYY-MM; neither is negative. */
export const cashFlowOfMonth = z.object({
  month: z
    .string()
    .regex(/^\d{4}-\d{2}$/)
    .describe("A calendar month, YYYY-MM."),
  in: decimal.describe("Money that came in. A decimal string, never negative."),
  out: decimal.describe("Money that went out. A decimal string, never negative."),
});
export type CashFlowOfMonth = z.infer<typeof cashFlowOfMonth>;

/** Every month from the first with a transaction to the current one, at most twelve. */
export const cashFlowInCurrency = z.object({
  currency,
  months: z.array(cashFlowOfMonth).describe("Oldest first, to the current month."),
});
export type CashFlowInCurrency = z.infer<typeof cashFlowInCurrency>;

/**
 * `insights.cashFlow`: money in and out, by currency, in the same order. Excludes pending transactions and
 * money that only moves between the user's own accounts: a transfer or a loan payment (Plaid's categories)
 * with a matching opposite within three days, and payments that a `credit` or `loan` account receives. Hidden
 * accounts do not count.
 */
export const cashFlowOutput = z.object({
  currencies: z
    .array(cashFlowInCurrency)
    .describe("A line for each currency; they are never added."),
});
export type CashFlowOutput = z.infer<typeof cashFlowOutput>;

/** A calendar month. */
const month = z
  .string()
  .regex(/^[12]\d{3}-(0[1-9]|1[0-2])$/, fieldProblems.month)
  .describe("A calendar month, YYYY-MM.");

/** `insights.categories`: the month. */
export const categoriesInput = z.strictObject({ month });
export type CategoriesInput = z.infer<typeof categoriesInput>;

/** Money in and out in one of Plaid's primary categories; neither is negative. */
export const flowOfCategory = z.object({
  category: z
    .string()
    .nullable()
    .describe("The category, like FOOD_AND_DRINK; null for transactions without one."),
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
