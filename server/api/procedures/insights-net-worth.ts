import { netWorthOutput } from "../../contracts/insights.ts";
import { readNetWorth } from "../../insights/read-insights.ts";
import { procedure } from "../trpc.ts";

export const insightsNetWorth = procedure({
  summary: "Net worth by day over the last year, for each currency.",
  scope: "transactions:read",
  rest: "GET /insights/net-worth",
  cached: netWorthOutput,
}).query(({ ctx }) => readNetWorth(ctx.services, ctx.user));
