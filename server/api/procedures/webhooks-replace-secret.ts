import { webhookInput, webhookSecretOutput } from "../../contracts/webhook-endpoints.ts";
import { replaceSecret } from "../../outgoing-webhooks/webhook-endpoints.ts";
import { procedure } from "../trpc.ts";

export const webhooksReplaceSecret = procedure({
  summary: "Gives an address a new secret. For a day the previous one also signs.",
  scope: "webhooks:write",
  stepUp: true,
  rest: "POST /webhook-secrets",
  reasons: ["not_found"],
})
  .input(webhookInput)
  .output(webhookSecretOutput)
  .mutation(({ ctx, input }) =>
    replaceSecret(ctx.services, ctx.user.id, input.id, ctx.request.origin),
  );
