import { stepUp } from "../auth/step-up.ts";
import { stepUpInput, stepUpOutput } from "../contracts/step-up.ts";
import { procedure, router } from "./trpc.ts";

/** The session that a call is made with. */
export const sessionRouter = router({
  stepUp: procedure({
    summary:
      "Proves by password who uses the session. For ten minutes it then does what asks for such a proof.",
    scope: "session",
    rest: "POST /session/step-up",
    reasons: ["password_incorrect", "too_many_attempts"],
  })
    .input(stepUpInput)
    .output(stepUpOutput)
    .mutation(({ ctx, input }) => stepUp(ctx, input)),
});
