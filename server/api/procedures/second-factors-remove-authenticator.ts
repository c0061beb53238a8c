import { removeAuthenticator } from "../../auth/second-factor/factors.ts";
import { noFields, removedFactor } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsRemoveAuthenticator = procedure({
  summary:
    "Turns off the authenticator app. Without another factor the backup codes are deleted too.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "DELETE /second-factors/authenticator",
  reasons: ["not_found"],
})
  .input(noFields.optional())
  .output(removedFactor)
  .mutation(async ({ ctx }) => {
    await removeAuthenticator(ctx.services, { identity: ctx, origin: ctx.request.origin });
    return { removed: true };
  });
