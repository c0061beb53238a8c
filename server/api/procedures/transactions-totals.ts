import { transactionFilter, transactionTotals } from "../../contracts/transactions.ts";
import { readTotals } from "../../transactions/list-transactions.ts";
import { procedure } from "../trpc.ts";

export const transactionsTotals = procedure({
  summary: "Totals of the transactions that match a filter, by month and by category.",
  scope: "transactions:read",
  rest: "GET /transaction-totals",
})
  .input(transactionFilter)
  .output(transactionTotals)
  .query(({ ctx, input }) => readTotals(ctx.services, ctx.user, input));
