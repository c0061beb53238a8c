import { createLinkToken } from "../../connect/create-link-token.ts";
import { createLinkTokenInput, createLinkTokenOutput } from "../../contracts/connect.ts";
import { procedure } from "../trpc.ts";

export const plaidCreateLinkToken = procedure({
  summary: "Makes the link_token that Plaid Link is opened with.",
  scope: "connections:write",
  rest: "POST /link-tokens",
  reasons: ["limit_reached", "link_unavailable", "not_found", "item_gone", "bank_unsupported"],
})
  .input(createLinkTokenInput.optional())
  .output(createLinkTokenOutput)
  .mutation(({ ctx, input }) =>
    createLinkToken(ctx.services, ctx.user, { ...input, language: ctx.language }, ctx.log),
  );
