import { listFactors } from "../../auth/second-factor/factors.ts";
import { secondFactors } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsList = procedure({
  summary: "The user's authenticator app, passkeys, and how many backup codes are left.",
  scope: "session",
  setsUpFactor: true,
  rest: "GET /second-factors",
})
  .output(secondFactors)
  .query(({ ctx }) => listFactors(ctx.services.db, ctx.user.id));
