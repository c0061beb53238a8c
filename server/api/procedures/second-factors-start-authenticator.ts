import { startTotp } from "../../auth/second-factor/totp.ts";
import { noFields, startTotpOutput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsStartAuthenticator = procedure({
  summary:
    "Creates the secret for an authenticator app. It protects nothing until a code confirms it.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "POST /second-factors/authenticator",
  reasons: ["authenticator_exists"],
})
  .input(noFields.optional())
  .output(startTotpOutput)
  .mutation(({ ctx }) => startTotp(ctx.services, ctx.user));
