import {
  deleteAccountInput,
  deleteAccountOutput,
  type ExportOutput,
  exportOutput,
} from "../contracts/account.ts";
import { deleteAccount } from "../users/delete-account.ts";
import { beginExport, exportData } from "../users/export-data.ts";
import { StreamedOutput } from "./transport/streamed-output.ts";
import { procedure, router } from "./trpc.ts";

/** A person and all that is theirs: a key must not be able to take either away. Sessions only. */
export const accountRouter = router({
  /** Errors: `export_running`. */
  exportData: procedure({
    summary: "Everything that is kept of the person: who they are, their banks, their history.",
    scope: "session",
    rest: "GET /account/export",
    streamed: exportOutput,
    reasons: ["export_running"],
  }).query(async ({ ctx }) => {
    await beginExport(ctx.services, ctx.user, ctx.onClose);
    const { rest, transactions } = await exportData(ctx.services, ctx.user);
    // What it is to callers, over either transport.
    const output: unknown = new StreamedOutput(rest, "transactions", transactions);
    return output as ExportOutput;
  }),

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
