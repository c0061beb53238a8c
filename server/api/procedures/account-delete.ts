import { deleteAccountInput, deleteAccountOutput } from "../../contracts/account.ts";
import { deleteAccount } from "../../users/delete-account.ts";
import { procedure } from "../trpc.ts";

export const accountDelete = procedure({
  summary:
    "Deletes the user's account: every bank is disconnected, here and at Plaid, and all stored data is deleted. `confirmation` is “delete my account”.",
  scope: "session",
  stepUp: true,
  rest: "DELETE /account",
  reasons: ["confirmation_mismatch", "busy"],
})
  .input(deleteAccountInput)
  .output(deleteAccountOutput)
  .mutation(({ ctx, input }) => deleteAccount(ctx.services, ctx.user, input, ctx.request.log));
