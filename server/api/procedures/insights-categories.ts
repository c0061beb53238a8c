import { categoriesInput, categoriesOutput } from "../../contracts/insights.ts";
import { readCategories } from "../../insights/read-insights.ts";
import { procedure } from "../trpc.ts";

export const insightsCategories = procedure({
  summary: "Money in and out in a month by category, for each currency.",
  scope: "transactions:read",
  rest: "GET /insights/categories",
  cached: categoriesOutput,
})
  .input(categoriesInput)
  .query(({ ctx, input }) => readCategories(ctx.services, ctx.user, input));
