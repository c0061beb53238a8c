import { chooseAccounts } from "../../connect/choose-accounts.ts";
import { chooseAccountsInput, chooseAccountsOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const itemsChooseAccounts = procedure({
  summary:
    "Changes which of the accounts that a bank shares are connected. An account that is taken out is deleted with its transactions, and can be added again.",
  scope: "connections:write",
  rest: "POST /account-choices",
  reasons: [
    "not_found",
    "limit_reached",
    "bank_login_required",
    "bank_accounts_required",
    "bank_access_required",
    "bank_action_required",
    "bank_unsupported",
    "bank_error",
    "item_gone",
    "bank_unavailable",
    "plaid_unavailable",
    "plaid_refused",
    "busy",
  ],
})
  .input(chooseAccountsInput)
  .output(chooseAccountsOutput)
  .mutation(({ ctx, input }) => chooseAccounts(ctx.services, ctx.user, input, ctx.request.log));
