import { stepUp } from "../../auth/step-up.ts";
import { stepUpInput, stepUpOutput } from "../../contracts/step-up.ts";
import { procedure } from "../trpc.ts";

export const sessionStepUp = procedure({
  summary:
    "Proves by password who uses the session. For ten minutes it then does what asks for such a proof.",
  scope: "session",
  rest: "POST /session/step-up",
  reasons: ["password_incorrect", "too_many_attempts"],
})
  .input(stepUpInput)
  .output(stepUpOutput)
  .mutation(({ ctx, input }) => stepUp(ctx.services, ctx, input, ctx.log));
