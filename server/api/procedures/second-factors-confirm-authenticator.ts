import { confirmAuthenticator } from "../../auth/second-factor/factors.ts";
import { addedFactor, confirmTotpInput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsConfirmAuthenticator = procedure({
  summary:
    "Turns on the authenticator app with its first code. The user's first factor comes with ten backup codes, which only this response contains.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "POST /second-factors/authenticator/confirmation",
  reasons: ["code_incorrect", "too_many_attempts"],
})
  .input(confirmTotpInput)
  .output(addedFactor)
  .mutation(({ ctx, input }) =>
    confirmAuthenticator(ctx.services, { identity: ctx, origin: ctx.request.origin }, input),
  );
