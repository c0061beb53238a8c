import { webhooksListOutput } from "../../contracts/webhook-endpoints.ts";
import { listWebhooks } from "../../outgoing-webhooks/webhook-endpoints.ts";
import { procedure } from "../trpc.ts";

export const webhooksList = procedure({
  summary: "Every address that receives webhooks, newest first.",
  scope: "webhooks:write",
  rest: "GET /webhooks",
})
  .output(webhooksListOutput)
  .query(async ({ ctx }) => ({ webhooks: await listWebhooks(ctx.services.db, ctx.user.id) }));
