import { webhookEnableOutput, webhookInput } from "../../contracts/webhook-endpoints.ts";
import { enableWebhook } from "../../outgoing-webhooks/webhook-endpoints.ts";
import { procedure } from "../trpc.ts";

export const webhooksEnable = procedure({
  summary:
    "Sends webhooks again to an address that was disabled because it responded 410 Gone. What happened meanwhile is not sent.",
  scope: "webhooks:write",
  rest: "POST /webhook-activations",
  reasons: ["not_found"],
})
  .input(webhookInput)
  .output(webhookEnableOutput)
  .mutation(async ({ ctx, input }) => {
    const { services, user, request } = ctx;
    const webhook = await enableWebhook(services.db, user.id, input.id);
    request.log.info(
      { event: "webhook_enabled", userId: user.id, endpointId: input.id },
      "Webhook",
    );
    return { webhook };
  });
