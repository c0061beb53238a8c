import { revokeApiKey } from "../../auth/api-keys.ts";
import { revokeApiKeyInput, revokeApiKeyOutput } from "../../contracts/api-keys.ts";
import { procedure } from "../trpc.ts";

export const apiKeysRevoke = procedure({
  summary: "Revokes an API key immediately and permanently.",
  scope: "session",
  rest: "DELETE /api-keys/{id}",
  reasons: ["not_found"],
})
  .input(revokeApiKeyInput)
  .output(revokeApiKeyOutput)
  .mutation(async ({ ctx, input }) => {
    const apiKey = await revokeApiKey(ctx.services.db, ctx.user.id, input.id, ctx.request.origin);
    ctx.request.log.info(
      { event: "api_key_revoked", userId: ctx.user.id, apiKeyId: apiKey.id },
      "Key revoked",
    );
    return { apiKey };
  });
