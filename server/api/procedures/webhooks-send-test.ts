import { webhookInput, webhookTestOutput } from "../../contracts/webhook-endpoints.ts";
import { sendTestEvent } from "../../outgoing-webhooks/webhook-deliveries.ts";
import { procedure } from "../trpc.ts";

export const webhooksSendTest = procedure({
  summary: "Sends the event `webhook.test` to an address, signed and retried like any other.",
  scope: "webhooks:write",
  rest: "POST /webhook-tests",
  reasons: ["not_found", "webhook_disabled"],
})
  .input(webhookInput)
  .output(webhookTestOutput)
  .mutation(async ({ ctx, input }) => ({
    delivery: await sendTestEvent(ctx.services.db, ctx.user.id, input.id),
  }));
