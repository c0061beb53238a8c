import { netWorthInput, netWorthOutput } from "../../contracts/insights.ts";
import { readNetWorth } from "../../insights/read-insights.ts";
import { procedure } from "../trpc.ts";

export const insightsNetWorth = procedure({
  summary: "Net worth by day for each currency, by default over the last year.",
  scope: "transactions:read",
  rest: "GET /insights/net-worth",
  cached: netWorthOutput,
})
  .input(netWorthInput.optional())
  .query(({ ctx, input }) => readNetWorth(ctx.services, ctx.user, input));
