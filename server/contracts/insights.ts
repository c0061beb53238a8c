import { z } from "zod";
import { decimal } from "./accounts.ts";

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

/** Every day from the first one that is known to today, at most a year; today is what the balances say. */
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
