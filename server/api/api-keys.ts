import { createApiKey, listApiKeys, revokeApiKey } from "../auth/api-keys.ts";
import { requireProof } from "../auth/step-up.ts";
import {
  apiKeysListOutput,
  createApiKeyInput,
  createApiKeyOutput,
  revokeApiKeyInput,
  revokeApiKeyOutput,
} from "../contracts/api-keys.ts";
import { procedure, router } from "./trpc.ts";

/** A key that leaked must not be able to make itself a successor: sessions only. */
export const apiKeysRouter = router({
  create: procedure({
    summary: "Makes an API key. Its text is in this answer and never shown again.",
    scope: "session",
    stepUp: true,
    rest: "POST /api-keys",
    reasons: ["too_many_api_keys"],
  })
    .input(createApiKeyInput)
    .output(createApiKeyOutput)
    .mutation(async ({ ctx, input }) => {
      const { db, limits } = ctx.services;
      // Again: a change of the password may have taken the proof back while this waited for the lock.
      const made = await createApiKey(db, ctx.user.id, input, (tx) =>
        requireProof({ db: tx, limits }, ctx),
      );
      const { id, scopes } = made.apiKey;
      ctx.log.info({ event: "api_key_created", userId: ctx.user.id, apiKeyId: id, scopes }, "Key");
      return made;
    }),

  list: procedure({
    summary: "Every API key, revoked and expired ones too, newest first.",
    scope: "session",
    rest: "GET /api-keys",
  })
    .output(apiKeysListOutput)
    .query(async ({ ctx }) => ({ apiKeys: await listApiKeys(ctx.services.db, ctx.user.id) })),

  revoke: procedure({
    summary: "Ends an API key at once and for good.",
    scope: "session",
    rest: "DELETE /api-keys/{id}",
    reasons: ["not_found"],
  })
    .input(revokeApiKeyInput)
    .output(revokeApiKeyOutput)
    .mutation(async ({ ctx, input }) => {
      const apiKey = await revokeApiKey(ctx.services.db, ctx.user.id, input.id);
      ctx.log.info(
        { event: "api_key_revoked", userId: ctx.user.id, apiKeyId: apiKey.id },
        "Key revoked",
      );
      return { apiKey };
    }),
});
