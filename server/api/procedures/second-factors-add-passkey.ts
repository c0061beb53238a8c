import { addPasskey } from "../../auth/second-factor/factors.ts";
import { addedFactor, addPasskeyInput } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsAddPasskey = procedure({
  summary:
    "Stores a passkey that the browser created. The user's first factor comes with ten backup codes, which only this response contains.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "POST /second-factors/passkeys",
  reasons: ["passkey_invalid", "too_many_passkeys"],
})
  .input(addPasskeyInput)
  .output(addedFactor)
  .mutation(({ ctx, input }) =>
    addPasskey(ctx.services, { identity: ctx, origin: ctx.request.origin }, input),
  );
