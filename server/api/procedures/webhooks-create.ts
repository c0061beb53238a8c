import type { Db } from "../../../db/client.ts";
import { requireVerified } from "../../auth/require-verified.ts";
import { requireProof } from "../../auth/step-up.ts";
import { createWebhookInput, webhookSecretOutput } from "../../contracts/webhook-endpoints.ts";
import { createWebhook } from "../../outgoing-webhooks/webhook-endpoints.ts";
import { procedure } from "../trpc.ts";

export const webhooksCreate = procedure({
  summary: "Adds an address that receives signed webhooks. Only this response contains its secret.",
  scope: "webhooks:write",
  stepUp: true,
  rest: "POST /webhooks",
  reasons: ["webhook_url_refused", "too_many_webhooks", "email_unverified"],
})
  .input(createWebhookInput)
  .output(webhookSecretOutput)
  .mutation(async ({ ctx, input }) => {
    const { services, user, apiKey, request } = ctx;
    requireVerified(services, user);
    const made = await createWebhook(services, user.id, input, {
      origin: request.origin,
      // Checked again under the lock, because a change of the password may have withdrawn the proof
      // meanwhile.
      requireStill: async (tx: Db) => {
        if (!apiKey) await requireProof({ db: tx, limits: services.limits }, ctx);
      },
    });
    const { id, events } = made.webhook;
    request.log.info(
      { event: "webhook_added", userId: user.id, endpointId: id, events },
      "Webhook",
    );
    return made;
  });
