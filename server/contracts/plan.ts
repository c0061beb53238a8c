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

/** `plan.get`: the user's plan and how many live accounts (not Items) they hold. */
export const planOutput = z.object({ plan, accountsUsed: z.number().int().nonnegative() });
export type PlanOutput = z.infer<typeof planOutput>;
