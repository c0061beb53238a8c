import { webhookDeliveriesOutput, webhookInput } from "../../contracts/webhook-endpoints.ts";
import { listDeliveries } from "../../outgoing-webhooks/webhook-deliveries.ts";
import { procedure } from "../trpc.ts";

export const webhooksDeliveries = procedure({
  summary: "The newest 100 deliveries to an address, newest first. They are kept for 30 days.",
  scope: "webhooks:write",
  rest: "GET /webhooks/{id}/deliveries",
  reasons: ["not_found"],
})
  .input(webhookInput)
  .output(webhookDeliveriesOutput)
  .query(async ({ ctx, input }) => ({
    deliveries: await listDeliveries(ctx.services.db, ctx.user.id, input.id),
  }));
