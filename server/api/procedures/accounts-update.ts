import { updateAccount } from "../../accounts/update-account.ts";
import { accountsUpdateInput, accountsUpdateOutput } from "../../contracts/accounts.ts";
import { procedure } from "../trpc.ts";

export const accountsUpdate = procedure({
  summary: "Renames an account, or excludes it from totals.",
  scope: "connections:write",
  rest: "POST /account-settings",
  reasons: ["not_found"],
})
  .input(accountsUpdateInput)
  .output(accountsUpdateOutput)
  .mutation(({ ctx, input }) => updateAccount(ctx.services, ctx.user, input, ctx.request.log));
