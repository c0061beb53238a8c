import { confirmAuthenticator } from "../../auth/second-factor/factors.ts";
import { addedFactor, confirmTotpInput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsConfirmAuthenticator = procedure({
  summary:
    "Turns the authenticator app on by its first code. With the first factor come ten backup codes, in this response alone.",
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
