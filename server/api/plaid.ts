import { createLinkToken } from "../connect/create-link-token.ts";
import {
  createLinkTokenInput,
  createLinkTokenOutput,
  linkEventInput,
  linkEventOutput,
} from "../contracts/connect.ts";
import { procedure, router } from "./trpc.ts";

export const plaidRouter = router({
  /** What Link is opened with. Errors: `limit_reached`, `link_unavailable`. */
  createLinkToken: procedure({
    summary: "Makes the link_token that Plaid Link is opened with.",
    scope: "connections:write",
    rest: "POST /link-tokens",
    reasons: ["limit_reached", "link_unavailable"],
  })
    .input(createLinkTokenInput.optional())
    .output(createLinkTokenOutput)
    .mutation(({ ctx }) => createLinkToken(ctx.services, ctx.user, ctx.log)),

  /** Keeps what Link told the page as one analytics line in the log. */
  recordLinkEvent: procedure({
    summary: "Writes down what Link told the page, for analytics.",
    scope: "connections:write",
    rest: "POST /link-events",
  })
    .input(linkEventInput)
    .output(linkEventOutput)
    .mutation(({ ctx, input }) => {
      ctx.log.info({ event: "link_event", userId: ctx.user.id, ...input }, "Link event");
      return { recorded: true as const };
    }),
});
