import { transactionsListInput, transactionsListOutput } from "../contracts/transactions.ts";
import { listTransactions } from "../transactions/list-transactions.ts";
import { procedure, router } from "./trpc.ts";

export const transactionsRouter = router({
  /** One page of the user's transactions, newest first. */
  list: procedure({
    summary: "Transactions of every account or of one, newest first, 50 a page.",
    scope: "transactions:read",
    rest: "GET /transactions",
  })
    .input(transactionsListInput)
    .output(transactionsListOutput)
    .query(({ ctx, input }) => listTransactions(ctx.services, ctx.user, input)),
});
