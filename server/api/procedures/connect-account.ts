import { requireVerified } from "../../auth/require-verified.ts";
import { requireFactorToConnect } from "../../auth/second-factor/require-factor.ts";
import { connectAccount as connect } from "../../connect/connect-account.ts";
import { connectAccountInput, connectAccountOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const connectAccount = procedure({
  summary:
    "Exchanges Link's public_token and stores the bank with its accounts. A second call with the same public_token returns the first response.",
  scope: "connections:write",
  rest: "POST /connections",
  reasons: [
    "email_unverified",
    "second_factor_required",
    "limit_reached",
    "duplicate_accounts",
    "public_token_invalid",
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
    "connect_failed",
    "exchange_lost",
    "outcome_pending",
  ],
})
  .input(connectAccountInput)
  .output(connectAccountOutput)
  .mutation(async ({ ctx, input }) => {
    requireVerified(ctx.services, ctx.user);
    await requireFactorToConnect(ctx.services, ctx.user.id);
    return connect(ctx.services, ctx.user, input, ctx.request.log);
  });
