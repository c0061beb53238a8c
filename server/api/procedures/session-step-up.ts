import { stepUp } from "../../auth/step-up.ts";
import { stepUpInput, stepUpOutput } from "../../contracts/step-up.ts";
import { procedure } from "../trpc.ts";

export const sessionStepUp = procedure({
  summary:
    "Proves the user's identity in this session by password, by a code of the authenticator app, or by passkey. For ten minutes the session may then call procedures that require such a proof.",
  scope: "session",
  setsUpFactor: true,
  rest: "POST /session/step-up",
  reasons: ["password_incorrect", "code_incorrect", "passkey_invalid", "too_many_attempts"],
})
  .input(stepUpInput)
  .output(stepUpOutput)
  .mutation(({ ctx, input }) => {
    const { log, origin } = ctx.request;
    return stepUp(ctx.services, { identity: ctx, origin }, input, log);
  });
