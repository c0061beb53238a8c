import { listApiKeys } from "../../auth/api-keys.ts";
import { apiKeysListOutput } from "../../contracts/api-keys.ts";
import { procedure } from "../trpc.ts";

export const apiKeysList = procedure({
  summary: "Every API key, revoked and expired ones too, newest first.",
  scope: "session",
  rest: "GET /api-keys",
})
  .output(apiKeysListOutput)
  .query(async ({ ctx }) => ({ apiKeys: await listApiKeys(ctx.services.db, ctx.user.id) }));
