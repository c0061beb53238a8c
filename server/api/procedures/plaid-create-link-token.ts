import { requireVerified } from "../../auth/require-verified.ts";
import { createLinkToken } from "../../connect/create-link-token.ts";
import { createLinkTokenInput, createLinkTokenOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const plaidCreateLinkToken = procedure({
  summary: "Makes the link_token that Plaid Link is opened with.",
  scope: "connections:write",
  secondFactor: "needed",
  rest: "POST /link-tokens",
  reasons: [
    "email_unverified",
    "limit_reached",
    "link_unavailable",
    "not_found",
    "item_gone",
    "bank_unsupported",
  ],
})
  .input(createLinkTokenInput.optional())
  .output(createLinkTokenOutput)
  .mutation(({ ctx, input }) => {
    // A bank that is connected can always be reconnected.
    if (input?.itemId === undefined) requireVerified(ctx.services, ctx.user);
    return createLinkToken(ctx.services, ctx.user, { ...input, language: ctx.language }, ctx.log);
  });
