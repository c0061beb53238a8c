import { deleteAccount } from "../connect/delete-account.ts";
import { exportData } from "../connect/export-data.ts";
import { deleteAccountInput, deleteAccountOutput, exportOutput } from "../contracts/account.ts";
import { procedure, router } from "./trpc.ts";

/** A person and all that is theirs: a key must not be able to take either away. Sessions only. */
export const accountRouter = router({
  exportData: procedure({
    summary: "Everything that is kept of the person: who they are, their banks, their history.",
    scope: "session",
    rest: "GET /account/export",
  })
    .output(exportOutput)
    .query(({ ctx }) => exportData(ctx.services, ctx.user)),

  /** Errors: `confirmation_mismatch`, `busy`. */
  delete: procedure({
    summary:
      "Deletes the person's account: every bank is disconnected, here and at Plaid, and all that is kept of them goes. `confirmation` is “delete my account”.",
    scope: "session",
    rest: "DELETE /account",
    reasons: ["confirmation_mismatch", "busy"],
  })
    .input(deleteAccountInput)
    .output(deleteAccountOutput)
    .mutation(({ ctx, input }) => deleteAccount(ctx.services, ctx.user, input, ctx.log)),
});
