import { createLinkToken } from "../connect/create-link-token.ts";
import { finishUpdateMode } from "../connect/finish-update-mode.ts";
import {
  createLinkTokenInput,
  createLinkTokenOutput,
  finishUpdateModeInput,
  finishUpdateModeOutput,
  linkEventInput,
  linkEventOutput,
} from "../contracts/connect.ts";
import { procedure, router } from "./trpc.ts";

export const plaidRouter = router({
  /** What Link is opened with. Errors: `limit_reached`, `link_unavailable`, `not_found`, `item_gone`. */
  createLinkToken: procedure({
    summary: "Makes the link_token that Plaid Link is opened with.",
    scope: "connections:write",
    rest: "POST /link-tokens",
    reasons: ["limit_reached", "link_unavailable", "not_found", "item_gone"],
  })
    .input(createLinkTokenInput.optional())
    .output(createLinkTokenOutput)
    .mutation(({ ctx, input }) => createLinkToken(ctx.services, ctx.user, input ?? {}, ctx.log)),

  /**
   * After Link in update mode. Errors: `not_found`, `bank_login_required`, `limit_reached` (the bank is
   * connected again, without its new accounts), `bank_unavailable`, `plaid_unavailable`, `busy`.
   */
  finishUpdateMode: procedure({
    summary:
      "Takes note that the person logged in again at a bank, or chose other accounts, in Link's update mode.",
    scope: "connections:write",
    rest: "POST /finished-updates",
    reasons: [
      "not_found",
      "bank_login_required",
      "limit_reached",
      "bank_unavailable",
      "plaid_unavailable",
      "plaid_refused",
      "busy",
    ],
  })
    .input(finishUpdateModeInput)
    .output(finishUpdateModeOutput)
    .mutation(({ ctx, input }) => finishUpdateMode(ctx.services, ctx.user, input, ctx.log)),

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
