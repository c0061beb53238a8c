import { authenticationOptions } from "../../auth/second-factor/passkeys.ts";
import { stepUpChallenge } from "../../auth/step-up.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import { noFields, passkeyOptionsOutput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const sessionPasskeyOptions = procedure({
  summary:
    "Options for a passkey to sign for session.stepUp. Their challenge works once, in this session, within five minutes.",
  scope: "session",
  setsUpFactor: true,
  rest: "POST /session/passkey-options",
})
  .input(noFields.optional())
  .output(passkeyOptionsOutput)
  .mutation(async ({ ctx: { services, user, sessionId } }) => {
    if (sessionId === null) throw new FiscilityError("session_required");
    const place = stepUpChallenge(sessionId);
    return { options: await authenticationOptions(services, place, user.id) };
  });
