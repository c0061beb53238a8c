import { requireVerified } from "../../auth/require-verified.ts";
import { requireFactorToConnect } from "../../auth/second-factor/require-factor.ts";
import { createLinkToken } from "../../connect/create-link-token.ts";
import { createLinkTokenInput, createLinkTokenOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const plaidCreateLinkToken = procedure({
  summary: "Creates the link_token that opens Plaid Link.",
  scope: "connections:write",
  rest: "POST /link-tokens",
  reasons: [
    "email_unverified",
    "second_factor_required",
    "limit_reached",
    "link_unavailable",
    "not_found",
    "item_gone",
    "bank_unsupported",
  ],
})
  .input(createLinkTokenInput.optional())
  .output(createLinkTokenOutput)
  .mutation(async ({ ctx, input }) => {
    // A connected bank can always be reconnected.
    if (input?.itemId === undefined) {
      requireVerified(ctx.services, ctx.user);
      await requireFactorToConnect(ctx.services, ctx.user.id);
    }
    return createLinkToken(
      ctx.services,
      ctx.user,
      { ...input, language: ctx.request.language },
      ctx.request.log,
    );
  });
