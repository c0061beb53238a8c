import {
  redeliverWebhookInput,
  redeliverWebhookOutput,
} from "../../contracts/webhook-endpoints.ts";
import { redeliver } from "../../outgoing-webhooks/webhook-deliveries.ts";
import { procedure } from "../trpc.ts";

export const webhooksRedeliver = procedure({
  summary: "Sends a delivery again, with the same id, and retries it for a day.",
  scope: "webhooks:write",
  rest: "POST /webhook-redeliveries",
  reasons: ["not_found", "webhook_disabled"],
})
  .input(redeliverWebhookInput)
  .output(redeliverWebhookOutput)
  .mutation(async ({ ctx, input }) => ({
    delivery: await redeliver(ctx.services.db, ctx.user.id, input.id),
  }));
