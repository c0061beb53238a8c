import { finishUpdateMode } from "../../connect/finish-update-mode.ts";
import { closingUpdateLinks } from "../../connect/opened-link.ts";
import { finishUpdateModeInput, finishUpdateModeOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

// `limit_reached` means that the bank is reconnected, without its new accounts.
export const plaidFinishUpdateMode = procedure({
  summary:
    "Stores that the user logged in again at a bank, or chose other accounts, in Link's update mode.",
  scope: "connections:write",
  rest: "POST /finished-updates",
  reasons: [
    "not_found",
    "bank_login_required",
    "bank_accounts_required",
    "bank_access_required",
    "bank_action_required",
    "bank_unsupported",
    "bank_error",
    "item_gone",
    "limit_reached",
    "bank_unavailable",
    "plaid_unavailable",
    "plaid_refused",
    "busy",
  ],
})
  .input(finishUpdateModeInput)
  .output(finishUpdateModeOutput)
  .mutation(({ ctx, input }) =>
    closingUpdateLinks(ctx.services, ctx.user, input, () =>
      finishUpdateMode(ctx.services, ctx.user, input, ctx.request.log),
    ),
  );
