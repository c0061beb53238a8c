import { newBackupCodes } from "../../auth/second-factor/factors.ts";
import { backupCodesOutput, noFields } from "../../contracts/second-factors.ts";
import { procedure } from "../trpc.ts";

export const secondFactorsReplaceBackupCodes = procedure({
  summary:
    "Creates ten new backup codes, which only this response contains. The previous ones stop working.",
  scope: "session",
  stepUp: true,
  setsUpFactor: true,
  rest: "POST /second-factors/backup-codes",
  reasons: ["not_found"],
})
  .input(noFields.optional())
  .output(backupCodesOutput)
  .mutation(async ({ ctx }) => ({
    backupCodes: await newBackupCodes(ctx.services, { identity: ctx, origin: ctx.request.origin }),
  }));
