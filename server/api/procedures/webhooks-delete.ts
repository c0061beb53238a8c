import { webhookInput, webhookOutput } from "../../contracts/webhook-endpoints.ts";
import { deleteWebhook } from "../../outgoing-webhooks/webhook-endpoints.ts";
import { procedure } from "../trpc.ts";

export const webhooksDelete = procedure({
  summary: "Removes an address with its deliveries: nothing more is sent to it.",
  scope: "webhooks:write",
  rest: "DELETE /webhooks/{id}",
  reasons: ["not_found"],
})
  .input(webhookInput)
  .output(webhookOutput)
  .mutation(async ({ ctx, input }) => {
    const { services, user, request } = ctx;
    const webhook = await deleteWebhook(services.db, user.id, input.id, request.origin);
    request.log.info(
      { event: "webhook_removed", userId: user.id, endpointId: input.id },
      "Webhook",
    );
    return { webhook };
  });
