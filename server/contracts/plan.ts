import { z } from "zod";
import { decimal } from "./accounts.ts";
import { fieldProblems } from "./field-problems.ts";
import { text } from "./text.ts";

/** A plan. `priceMonthly` is a decimal string in `currency` (ISO 4217). */
export const plan = z.object({
  id: z.string().describe("The plan's id: intern, accountant, analyst or cfo."),
  name: z.string().describe("The plan's name as users see it."),
  priceMonthly: decimal.describe("The price of a month, a decimal string."),
  currency: z.string().describe("The currency of the price, ISO 4217."),
  maxAccounts: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts (not Items) that it has room for."),
});
export type Plan = z.infer<typeof plan>;

/**
 * `plan.get`: the user's plan, how many live accounts (not Items) they have, and every plan, smallest first.
 */
export const planOutput = z.object({
  plan: plan.describe("The user's plan."),
  accountsUsed: z
    .number()
    .int()
    .nonnegative()
    .describe("Accounts (not Items) that the user has connected now."),
  plans: z.array(plan).describe("Every plan, smallest first."),
});
export type PlanOutput = z.infer<typeof planOutput>;

/** A larger plan that the user requested. Times are ISO 8601 UTC. */
export const planRequest = z.object({
  plan: z.string().describe("The id of the requested plan."),
  note: z.string().nullable().describe("What the user wrote; null for nothing."),
  requestedAt: z.iso.datetime().describe("When it was requested, ISO 8601 UTC."),
  answeredAt: z.iso
    .datetime()
    .nullable()
    .describe("When an operator changed the plan, ISO 8601 UTC; null before."),
});
export type PlanRequest = z.infer<typeof planRequest>;

/** `plan.request`: a plan that has room for more accounts than the user's. */
export const requestPlanInput = z.strictObject({
  plan: z.string().max(100).describe("The id of the plan, as in `plan.get`."),
  note: text
    .trim()
    .max(500, fieldProblems.atMost("500"))
    .optional()
    .describe("What the operator should know."),
});
export type RequestPlanInput = z.infer<typeof requestPlanInput>;
export const requestPlanOutput = z.object({
  request: planRequest.describe("The open request."),
});
export type RequestPlanOutput = z.infer<typeof requestPlanOutput>;
