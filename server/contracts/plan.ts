import { z } from "zod";
import { decimal } from "./accounts.ts";

/** A plan as it stands in the database. `priceMonthly` is a decimal string in `currency` (ISO 4217). */
export const plan = z.object({
  id: z.string().describe("The plan's id: intern, accountant, analyst or cfo."),
  name: z.string().describe("The plan's name as users see it."),
  priceMonthly: decimal.describe("The price of a month, a decimal string."),
  currency: z.string().describe("Of the price, ISO 4217."),
  maxAccounts: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts (not Items) that it has room for."),
});
export type Plan = z.infer<typeof plan>;

/**
 * `plan.get`: the user's plan, how many live accounts (not Items) they hold, and every plan there is,
 * smallest first.
 */
export const planOutput = z.object({
  plan: plan.describe("The user's plan."),
  accountsUsed: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts (not Items) that the user has connected now."),
  plans: z.array(plan).describe("Every plan there is, smallest first."),
});
export type PlanOutput = z.infer<typeof planOutput>;
