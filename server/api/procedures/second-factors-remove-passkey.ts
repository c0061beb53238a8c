import { removePasskey } from "../../auth/second-factor/factors.ts";
import { removedFactor, removePasskeyInput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsRemovePasskey = procedure({
  summary: "Removes a passkey. Without another factor the backup codes are deleted too.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "DELETE /second-factors/passkeys/{id}",
  reasons: ["not_found"],
})
  .input(removePasskeyInput)
  .output(removedFactor)
  .mutation(async ({ ctx, input }) => {
    await removePasskey(ctx.services, { identity: ctx, origin: ctx.request.origin }, input);
    return { removed: true };
  });
