import { registrationOptions } from "../../auth/second-factor/passkeys.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import { noFields, passkeyOptionsOutput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsPasskeyOptions = procedure({
  summary:
    "Options for a new passkey. Their challenge works once, in this session, within five minutes.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "POST /second-factors/passkey-options",
  reasons: ["too_many_passkeys"],
})
  .input(noFields.optional())
  .output(passkeyOptionsOutput)
  .mutation(async ({ ctx }) => {
    if (ctx.sessionId === null) throw new FiscilityError("session_required");
    return { options: await registrationOptions(ctx.services, ctx.user, ctx.sessionId) };
  });
