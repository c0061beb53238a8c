import { transactionsListInput, transactionsListOutput } from "../../contracts/transactions.ts";
import { listTransactions } from "../../transactions/list-transactions.ts";
import { procedure } from "../trpc.ts";

export const transactionsList = procedure({
  summary: "Transactions of every account or of one, newest first, in pages.",
  scope: "transactions:read",
  rest: "GET /transactions",
})
  .input(transactionsListInput)
  .output(transactionsListOutput)
  .query(({ ctx, input }) => listTransactions(ctx.services, ctx.user, input));
