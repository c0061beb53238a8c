import { cashFlowOutput } from "../../contracts/insights.ts";
import { readCashFlow } from "../../insights/read-insights.ts";
import { procedure } from "../trpc.ts";

export const insightsCashFlow = procedure({
  summary: "Money in and out by month over the last year, for each currency.",
  scope: "transactions:read",
  rest: "GET /insights/cash-flow",
  cached: cashFlowOutput,
}).query(({ ctx }) => readCashFlow(ctx.services, ctx.user));
