import { correctTransactionInput, correctTransactionOutput } from "../../contracts/transactions.ts";
import { correct } from "../../transactions/correct-transaction.ts";
import { procedure } from "../trpc.ts";

export const transactionsCorrect = procedure({
  summary: "Corrects the category or the merchant of a transaction permanently.",
  scope: "connections:write",
  rest: "POST /transaction-corrections",
  reasons: ["not_found"],
})
  .input(correctTransactionInput)
  .output(correctTransactionOutput)
  .mutation(({ ctx, input }) => correct(ctx.services, ctx.user, input, ctx.request.log));
