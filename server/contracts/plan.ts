import { z } from "zod";
import { decimal } from "./accounts.ts";

/** A plan as it stands in the database. `priceMonthly` is a decimal string in `currency` (ISO 4217). */
export const plan = z.object({
  id: z.string(),
  name: z.string(),
  priceMonthly: decimal,
  currency: z.string(),
  maxAccounts: z.number().int().nonnegative(),
});
export type Plan = z.infer<typeof plan>;

/**
 * `plan.get`: the user's plan, how many live accounts (not Items) they hold, and every plan there is,
 * smallest first.
 */
export const planOutput = z.object({
  plan,
  accountsUsed: z.number().int().nonnegative(),
  plans: z.array(plan),
});
export type PlanOutput = z.infer<typeof planOutput>;
