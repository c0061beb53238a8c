import { requestPlanInput, requestPlanOutput } from "../../contracts/plan.ts";
import { requestPlan } from "../../users/request-plan.ts";
import { procedure } from "../trpc.ts";

export const planRequest = procedure({
  summary: "Requests a larger plan from the operator. A second call changes the open request.",
  scope: "session",
  rest: "POST /plan-requests",
  reasons: ["not_found"],
})
  .input(requestPlanInput)
  .output(requestPlanOutput)
  .mutation(({ ctx, input }) => requestPlan(ctx.services, ctx.user, input, ctx.request.log));
