import { cashFlowOutput, netWorthOutput } from "../contracts/insights.ts";
import { readCashFlow, readNetWorth } from "../insights/read-insights.ts";
import { procedure, router } from "./trpc.ts";

export const insightsRouter = router({
  /** The user's net worth by day, a line a currency. */
  netWorth: procedure({
    summary: "Net worth by day over the last year, for each currency.",
    scope: "transactions:read",
    rest: "GET /insights/net-worth",
    cached: netWorthOutput,
  }).query(({ ctx }) => readNetWorth(ctx.services, ctx.user)),

  /** What came in and went out by month. */
  cashFlow: procedure({
    summary: "Money in and out by month over the last year, for each currency.",
    scope: "transactions:read",
    rest: "GET /insights/cash-flow",
    cached: cashFlowOutput,
  }).query(({ ctx }) => readCashFlow(ctx.services, ctx.user)),
});
