import type { Db } from "../../../db/client.ts";
import { createApiKey } from "../../auth/api-keys.ts";
import { requireVerified } from "../../auth/require-verified.ts";
import { requireProof } from "../../auth/step-up.ts";
import { createApiKeyInput, createApiKeyOutput } from "../../contracts/api-keys.ts";
import { procedure } from "../trpc.ts";

// Sessions only: a leaked key must not be able to create another key.
export const apiKeysCreate = procedure({
  summary: "Creates an API key. Only this response contains its text.",
  scope: "session",
  stepUp: true,
  rest: "POST /api-keys",
  reasons: ["too_many_api_keys", "email_unverified"],
})
  .input(createApiKeyInput)
  .output(createApiKeyOutput)
  .mutation(async ({ ctx, input }) => {
    const { db, limits } = ctx.services;
    requireVerified(ctx.services, ctx.user);
    // Checked again under the lock, because a change of the password may have withdrawn the proof meanwhile.
    const requireStill = (tx: Db) => requireProof({ db: tx, limits }, ctx);
    const made = await createApiKey(db, ctx.user.id, input, requireStill, ctx.request.origin);
    const { id, scopes } = made.apiKey;
    ctx.request.log.info(
      { event: "api_key_created", userId: ctx.user.id, apiKeyId: id, scopes },
      "Key",
    );
    return made;
  });
