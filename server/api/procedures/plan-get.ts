import { planOutput } from "../../contracts/plan.ts";
import { readPlanUse } from "../../users/read-plan-use.ts";
import { procedure } from "../trpc.ts";

export const planGet = procedure({
  summary: "The plan, how many of its accounts are used, and every plan.",
  scope: "accounts:read",
  rest: "GET /plan",
})
  .output(planOutput)
  .query(({ ctx }) => readPlanUse(ctx.services, ctx.user));
