import { refreshInput, refreshOutput } from "../../contracts/connect.ts";
import { requestItemRefresh } from "../../items/refresh-item.ts";
import { procedure } from "../trpc.ts";

export const itemsRefresh = procedure({
  summary:
    "Fetches a bank's newest transactions, at most once every 15 minutes. They arrive with the Item's next sync.",
  scope: "connections:write",
  rest: "POST /refreshes",
  reasons: [
    "not_found",
    "refreshed_recently",
    "bank_login_required",
    "bank_accounts_required",
    "bank_access_required",
    "bank_action_required",
    "bank_unsupported",
    "bank_error",
    "item_gone",
  ],
})
  .input(refreshInput)
  .output(refreshOutput)
  .mutation(({ ctx, input }) => requestItemRefresh(ctx.services, ctx.user, input, ctx.request.log));
