import { registrationOptions } from "../../auth/second-factor/passkeys.ts";
import { FiscilityError } from "../../contracts/errors.ts";
import { noFields, passkeyOptionsOutput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsPasskeyOptions = procedure({
  summary:
    "What the browser makes a new passkey with. The challenge in it is for this session and works once, within five minutes.",
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
