import { transactionChanges, transactionChangesInput } from "../../contracts/transactions.ts";
import { listChanges } from "../../transactions/list-changes.ts";
import { procedure } from "../trpc.ts";

export const transactionsChanges = procedure({
  summary:
    "What changed in the transactions since a cursor, removals included: keep a copy up to date with it.",
  scope: "transactions:read",
  rest: "GET /transaction-changes",
  reasons: ["cursor_expired"],
})
  .input(transactionChangesInput)
  .output(transactionChanges)
  .query(({ ctx, input }) => listChanges(ctx.services, ctx.user, input));
